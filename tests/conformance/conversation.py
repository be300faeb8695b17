"""Recorded conversations with Apache CouchDB 3.5.0, held again with any server.

A case is a list of steps: a request, and what CouchDB answered. Placeholders in requests stand for fresh
names (`{db}`, `{db2}`, `{user}`, `{user2}`), the server's address (`{base}`) and its administrator
(`{admin}`, `{password}`); in answers `<h1>`, `<h2>` ... for a hash that may differ but is the same wherever
the name stands, `<seq>`, `<etag>` and `<any>` for what may differ freely. Where CouchDB itself answered 500,
any refusal is right.
"""

import base64
import hashlib
import hmac
import http.client
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Json = Any

JWT_KEY = b"conformance-key"
COMPARED_HEADERS = ("content-type", "etag", "location", "www-authenticate")
NAMES = ("db", "db2", "user", "user2")

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_TOKEN = re.compile(r"<(h\d+|seq|any|etag)>")
_REPEAT_S = 0.3
_TIMEOUT_S = 60


@dataclass(frozen=True)
class Answer:
    """What a server sent; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def parsed(self, *, lines: bool) -> Json:
        """JSON where it is JSON, a list of JSON values for `lines`, else text; None for nothing."""
        text = self.body.decode("utf-8", "replace")
        if not text:
            return None
        try:
            if lines:
                return [json.loads(line) for line in text.splitlines() if line.strip()]
            return json.loads(text)
        except ValueError:
            return text


@dataclass
class Talk:
    """One conversation with one server: its names, its cookie, its hashes."""

    url: str
    names: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    cookie: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self._host, self._port = parts.hostname or "", parts.port or 5984
        tag = secrets.token_hex(6)
        self.names = {
            "db": f"c-{tag}",
            "db2": f"c2-{tag}",
            "user": f"u{tag}",
            "user2": f"v{tag}",
            "base": f"http://{self._host}:{self._port}",
            "admin": parts.username or "",
            "password": parts.password or "",
        }

    def hold(self, steps: list[Json]) -> list[str]:
        """Go through all steps; returns every difference from the record."""
        try:
            return [
                f"step {number} {step['request']['method']} {step['request']['path']}: {difference}"
                for number, step in enumerate(steps)
                for difference in self._step(step["request"], step["response"])
            ]
        finally:
            for name in ("db", "db2"):
                self._send({"method": "DELETE", "path": f"/{{{name}}}"})

    def _step(self, request: Json, wanted: Json) -> Iterator[str]:
        answer = self._answer(request, wanted)
        body = answer.parsed(lines=bool(request.get("lines")))
        for name, keys in request.get("save", {}).items():
            self.names[name] = _at(body, keys)
        if wanted["status"] == 500:
            if not 400 <= answer.status < 600:
                yield f"status: wanted a refusal, got {answer.status}"
            return
        if answer.status != wanted["status"]:
            yield f"status: wanted {wanted['status']}, got {answer.status} {answer.body[:120]!r}"
        elif "body" in wanted:
            if request.get("keys") and isinstance(body, dict):
                body = {key: value for key, value in body.items() if key in request["keys"]}
            yield from self._differences(wanted["body"], json.loads(self._blank(json.dumps(body))), "")
        for name, value in wanted.get("headers", {}).items():
            if name in COMPARED_HEADERS:
                got = self._blank(answer.headers.get(name, ""))
                if name == "content-type":
                    value, got = value.split(";")[0], got.split(";")[0]  # noqa: PLW2901
                yield from self._differences(value, got, f"header {name}")

    def _answer(self, request: Json, wanted: Json) -> Answer:
        """The answer, asked for again where the record says that it may take a while."""
        for _ in range(request.get("retry", 1) - 1):
            answer = self._send(request)
            until = wanted.get("until")
            if answer.status == wanted["status"] and (not until or until.encode() in answer.body):
                return answer
            threading.Event().wait(_REPEAT_S)
        return self._send(request)

    def _send(self, request: Json) -> Answer:
        headers = {name: self._fill(value) for name, value in request.get("headers", {}).items()}
        data = None
        if "text" in request:
            data = self._fill(request["text"]).encode()
        elif request.get("body") is not None:
            data = self._fill(json.dumps(request["body"])).encode()
            headers.setdefault("Content-Type", "application/json")
        headers |= self._credentials(request.get("auth", "admin"))
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)
        try:
            connection.request(request["method"], self._fill(request["path"]), data, headers)
            response = connection.getresponse()
            body = response.read()
            got = {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()
        if "set-cookie" in got:
            self.cookie = got["set-cookie"].split(";")[0]
        return Answer(response.status, got, body)

    def _credentials(self, auth: Json) -> dict[str, str]:
        if auth == "admin":
            auth = "{admin}:{password}"
        if auth == "cookie":
            return {"Cookie": self.cookie}
        if isinstance(auth, dict):
            claims = json.loads(self._fill(json.dumps(auth)))
            now = int(time.time())
            claims.update({name: now + claims[name] for name in ("exp", "nbf") if name in claims})
            return {"Authorization": f"Bearer {signed(claims)}"}
        if auth:
            return {"Authorization": "Basic " + base64.b64encode(self._fill(auth).encode()).decode()}
        return {}

    def _fill(self, text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: str(self.names.get(found[1], found[0])), text)

    def _blank(self, text: str) -> str:
        for name in (*NAMES, "base"):
            text = text.replace(self.names[name], f"{{{name}}}")
        return text

    def _differences(self, wanted: Json, got: Json, where: str) -> Iterator[str]:
        if isinstance(wanted, dict) and isinstance(got, dict):
            for key in sorted(wanted.keys() | got.keys()):
                if key not in got:
                    yield f"{where}/{key}: missing"
                elif key not in wanted:
                    yield f"{where}/{key}: not in CouchDB's answer"
                else:
                    yield from self._differences(wanted[key], got[key], f"{where}/{key}")
        elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
            for number, (one, other) in enumerate(zip(wanted, got, strict=True)):
                yield from self._differences(one, other, f"{where}/{number}")
        elif isinstance(wanted, str) and _TOKEN.search(wanted):
            yield from self._token_differences(wanted, got, where)
        elif wanted != got or isinstance(wanted, bool) != isinstance(got, bool):
            yield f"{where}: wanted {wanted!r}, got {got!r}"

    def _token_differences(self, wanted: str, got: Json, where: str) -> Iterator[str]:
        if wanted in ("<any>", "<seq>"):
            return
        names = [found[1] for found in _TOKEN.finditer(wanted)]
        parts = [re.escape(part) for part in _TOKEN.split(wanted)[::2]]
        holes = ["([0-9a-f]{32})" if name.startswith("h") else "(.+?)" for name in names]
        pattern = "".join(part + hole for part, hole in zip(parts, [*holes, ""], strict=True))
        found = re.fullmatch(pattern, got, re.DOTALL) if isinstance(got, str) else None
        if found is None:
            yield f"{where}: wanted {wanted}, got {got!r}"
            return
        for name, value in zip(names, found.groups(), strict=True):
            if name.startswith("h") and self.hashes.setdefault(name, value) != value:
                yield f"{where}: {name} was {self.hashes[name]}, now {value}"


def signed(claims: dict[str, Any]) -> str:
    """A token with these claims (HS256)."""
    head = f"{_base64url(json.dumps({'alg': 'HS256', 'typ': 'JWT'}))}.{_base64url(json.dumps(claims))}"
    signature = hmac.new(JWT_KEY, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _at(value: Json, keys: list[Any]) -> Any:
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value

"""An attempt, as data: what it tries, who sends what to whom, and what must come back.

In targets, headers and bodies `<place>` stands for a value of the world, such as `<own>`, the uuid of the
household whose device asks, and `<other>`, another one's; `security_world.py` has them all.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from raw_client import Reply, Tls

Where = Literal["devices", "pages", "engine"]  # the devices' door, the people's pages, the database itself
_PLACE = re.compile(r"<([a-z_]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One row.

    `must`: alternatives separated by ` or `, each the statuses of all answers and then words that stand in
    them: `403 bad_target`, `200,403`. `shut`: the connection ended without an answer; `bare`: what came has
    no status line. A status below 300: the request is answered, but what it tries does not come true, which
    the centre's state and the answer show. `nginx` says it where nginx differs from the embedded listener.
    `raw`: all bytes of the request (each character one byte) where they are no proper request. `steps`: what
    one request cannot try; it returns the answer that must be a refusal. `settles`: it changes something of
    the attacker's own, such as a first certificate that is rightly theirs. `logged`: False where nothing was
    asked that a log could tell of.
    """

    tries: str
    must: str
    nginx: str = ""
    who: str = "device"
    to: Where = "devices"
    method: str = "GET"
    target: str = "/"
    headers: tuple[str, ...] = ()
    body: str = ""
    raw: str = ""
    source: str = "127.0.0.1"
    tls: Tls | None = None
    steps: Callable[[Any], Reply] | None = None
    settles: bool = False
    logged: bool = True

    def payload(self, places: Mapping[str, str], host: str) -> bytes:
        """The bytes to send."""
        if self.raw:
            return filled(self.raw, {**places, "host": host}).encode("latin-1")
        return request(self.method, self.target, self.headers, self.body, {**places, "host": host})

    def expected(self, door: str) -> str:
        """What must come back at this door."""
        return self.nginx if door == "nginx" and self.nginx else self.must


def request(
    method: str, target: str, headers: tuple[str, ...], body: str, places: Mapping[str, str]
) -> bytes:
    """A whole request that asks for the connection to be closed; `headers` are whole lines."""
    content = filled(body, places).encode()
    given = {line.partition(":")[0].lower() for line in headers}
    lines = [f"{method} {filled(target, places)} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {places['host']}")
    lines += ["Connection: close", *(filled(line, places) for line in headers)]
    if content and "content-type" not in given:
        lines.append("Content-Type: application/json")
    if "content-length" not in given and (content or method in ("POST", "PUT")):
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def filled(text: str, places: Mapping[str, str]) -> str:
    """The text with its places filled; a name that is no place stays as it is."""
    return _PLACE.sub(lambda found: places.get(found[1], found[0]), text)


def fits(reply: Reply, must: str) -> bool:
    """Whether the reply is what must come back."""
    if reply.silent:
        return False
    return any(_fits(reply, alternative) for alternative in must.split(" or "))


def _fits(reply: Reply, alternative: str) -> bool:
    status, _, word = alternative.partition(" ")
    if status == "shut":
        return not reply.raw
    if status == "bare":
        return bool(reply.raw) and not reply.statuses and word in reply.text
    return reply.statuses == tuple(int(one) for one in status.split(",")) and word in reply.text

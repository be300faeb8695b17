"""A browser in small: keeps cookies, takes the forms' token along."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from raw_client import Reply
from security_pages import PASSWORDS

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_FORM = "Content-Type: application/x-www-form-urlencoded"


@dataclass
class Visitor:
    """Somebody at the people's pages; `source` is the address that is asked from."""

    world: Any
    source: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *headers: str) -> Reply:
        return self._ask("GET", path, "", headers)

    def post(self, path: str, *headers: str, token: str | None = None, **fields: str) -> Reply:
        """With the token of the sign-in form unless another one, or an empty one, is given.

        As a browser does, it says which page the form stood on.
        """
        sent = self.form_token() if token is None else token
        more = {"csrf_token": sent} if sent else {}
        if not any(line.startswith("Referer:") for line in headers):
            headers = (*headers, f"Referer: {self.place}/sign-in")
        return self._ask("POST", path, urlencode({**fields, **more}), (_FORM, *headers))

    def form_token(self, path: str = "/sign-in") -> str:
        found = _TOKEN.search(self.get(path).text)
        token = found[1] if found else ""
        self.world.secrets[f"form token {len(self.world.secrets)}"] = token
        return token

    def sign_in(self, name: str, password: str | None = None, *headers: str) -> Reply:
        return self.post("/sign-in", *headers, name=name, password=password or PASSWORDS[name])

    @property
    def place(self) -> str:
        """Scheme and host of the pages."""
        scheme = "http" if self.world.address("pages").ca is None else "https"
        return f"{scheme}://{self.world.host('pages')}"

    @property
    def session(self) -> str:
        """The name of the cookie that holds the session."""
        return "__Host-survey_centre" if self.world.door == "nginx" else "survey_centre"

    def _ask(self, method: str, path: str, body: str, headers: tuple[str, ...]) -> Reply:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = (*headers, f"Cookie: {cookie}") if cookie else headers
        reply = self.world.ask(method, path, *lines, body=body, to="pages", source=self.source)
        self._keep(reply)
        return reply

    def _keep(self, reply: Reply) -> None:
        for name, value in re.findall(r"(?im)^set-cookie: ([^=]+)=([^;\r]*)", reply.text):
            if value:
                self.cookies[name] = value
                self.world.secrets[f"cookie {len(self.world.secrets)}"] = value
            else:
                self.cookies.pop(name, None)

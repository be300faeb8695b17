"""The cookie that holds a session's id: random, of 256 bits, and nothing else.

What the id stands for is kept on the server, under the id's hash. It is not Flask's session cookie: that one
holds the forms' token, which a browser gets anew whenever it comes from another site without its cookies.
"""

import hashlib
import re
import secrets

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

_BYTES = 32
_TOKEN = re.compile(r"^[A-Za-z0-9_-]{43}$")
_NAME = "SURVEY_COOKIE"


def cookie_name(name: str, *, https: bool) -> str:
    """Under https the prefix makes browsers refuse the cookie from other hosts, paths and plain http."""
    return f"__Host-{name}" if https else name


def install(app: Flask, name: str, *, https: bool) -> None:
    """Let `app` keep session ids in the cookie `name`."""
    app.config[_NAME] = cookie_name(name, https=https)
    app.after_request(_write)


def new_token() -> str:
    """A fresh id."""
    return secrets.token_urlsafe(_BYTES)


def token_hash(token: str) -> bytes:
    """What is stored in place of an id; a random one needs no salt and no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def mark(token: str) -> str:
    """A short name of a session that reveals nothing of its id."""
    return hashlib.sha256(b"forms of " + token.encode()).hexdigest()[:16]


def read() -> str | None:
    """The id that the browser sent; None where it sent none or something else."""
    token = request.cookies.get(current_app.config[_NAME], "")
    return token if _TOKEN.match(token) else None


def give(token: str) -> None:
    """Send this id with the answer."""
    g.survey_cookie = token


def take_away() -> None:
    """Have the browser forget its id."""
    g.survey_cookie = ""


def _write(response: Response) -> Response:
    token: str | None = g.get("survey_cookie")
    if token is None or (not token and read() is None):
        return response
    config = current_app.config
    response.set_cookie(
        config[_NAME],
        token,
        max_age=None if token else 0,
        path="/",
        secure=config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Strict",
    )
    return response

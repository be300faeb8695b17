"""`/_session`: sign in for a cookie, see who one is, sign out."""

from urllib.parse import parse_qsl

from aiohttp import web

from couch.node.answers import HttpError, bad_request, json_answer, unauthorized
from couch.node.auth import HANDLERS
from couch.node.cookies import set_cookie
from couch.node.keys import AUTH, SETTINGS, USER
from couch.node.parameters import as_object, boolean, parse_json, read_body
from couch.node.user import UserCtx


async def show_session(request: web.Request) -> web.Response:
    """`GET /_session`."""
    user: UserCtx = request[USER]
    if user.name is None and boolean(request.query.get("basic", "false")):
        raise unauthorized("Please login.")
    info: dict[str, object] = {"authentication_handlers": HANDLERS}
    if user.handler:
        info["authenticated"] = user.handler
    return json_answer({"ok": True, "userCtx": user.to_json(), "info": info})


async def open_session(request: web.Request) -> web.Response:
    """`POST /_session` with a name and a password, as JSON or as a form."""
    form = _form(request, await read_body(request))
    name = _name(form)
    secure = request.secure
    try:
        user = await request.app[AUTH].by_password(name, str(form.get("password", "")))
    except HttpError as err:
        cleared = set_cookie("", request.app[SETTINGS].session_timeout_s, secure=secure)
        err.headers["Set-Cookie"] = cleared
        raise
    cookie = await request.app[AUTH].new_cookie(name, secure=secure)
    body = {"ok": True, "name": user.name, "roles": user.roles}
    return json_answer(body, headers={"Set-Cookie": cookie})


async def close_session(request: web.Request) -> web.Response:
    """`DELETE /_session`."""
    cleared = set_cookie("", request.app[SETTINGS].session_timeout_s, secure=request.secure)
    return json_answer({"ok": True}, headers={"Set-Cookie": cleared})


def _form(request: web.Request, body: bytes) -> dict[str, object]:
    kind = request.headers.get("Content-Type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        try:
            return dict(parse_qsl(body.decode(), keep_blank_values=True))
        except UnicodeDecodeError as err:
            raise bad_request("invalid UTF-8 in the form") from err
    if kind.startswith("application/json"):
        return as_object(parse_json(body))
    reason = "Content-Type must be 'application/x-www-form-urlencoded' or 'application/json'"
    raise HttpError(415, "bad_content_type", reason)


def _name(form: dict[str, object]) -> str:
    names = [form[key] for key in ("name", "username") if key in form]
    if not names:
        raise bad_request("request body must contain a username")
    if len(set(map(str, names))) > 1:
        raise bad_request("request body contains different usernames")
    return str(names[0])

"""Who sends a request: basic, cookie, token, or this node itself."""

import asyncio
import base64
import binascii
import hmac
import ipaddress
import secrets
import time
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from couch.node import cookies
from couch.node.accounts import PREFIX, USERS
from couch.node.answers import bad_request, unauthorized
from couch.node.catalog import Catalog
from couch.node.passwords import Remembered, matches
from couch.node.tokens import user_of_token
from couch.node.user import ADMIN_ROLE, NOBODY, UserCtx

ADMIN = "admin"
HANDLERS = ("cookie", "jwt", "default")
_WRONG = "Name or password is incorrect."
_SELF = "Node "


@dataclass(frozen=True, slots=True)
class AuthOptions:
    """Attributes: `cookie_secret` stays the same over restarts; `jwt_key` None accepts no token."""

    admin_password: str
    cookie_secret: bytes
    jwt_key: bytes | None
    session_timeout_s: int


@dataclass(frozen=True, slots=True)
class _Account:
    roles: tuple[str, ...]
    salt: str
    fields: dict[str, Any]


class Authenticator:
    """Knows the administrator from the settings and the accounts in `_users`."""

    def __init__(self, catalog: Catalog, options: AuthOptions) -> None:
        self._catalog = catalog
        self._options = options
        self._remembered = Remembered()
        self._self_token = secrets.token_urlsafe(32)

    async def user_of(self, request: web.Request) -> UserCtx:
        """The caller.

        Raises:
            HttpError: 400 or 401 where credentials were sent that do not hold.
        """
        header = request.headers.get("Authorization", "")
        if header.startswith(_SELF):
            return self._node_itself(header.removeprefix(_SELF), request.remote)
        cookie = request.cookies.get(cookies.COOKIE)
        if cookie:
            user = await self._by_cookie(cookie)
            if user is not None:
                return user
        if header.startswith("Bearer "):
            return user_of_token(header.removeprefix("Bearer "), self._options.jwt_key)
        if header.startswith("Basic "):
            credentials = _basic(header.removeprefix("Basic "))
            if credentials is not None:
                return await self.by_password(*credentials)
        return NOBODY

    async def by_password(self, name: str, password: str) -> UserCtx:
        """The user of this name and password.

        Raises:
            HttpError: 401 where they do not fit.
        """
        if name == ADMIN:
            if hmac.compare_digest(password.encode(), self._options.admin_password.encode()):
                return UserCtx(ADMIN, (ADMIN_ROLE,), "default")
            raise unauthorized(_WRONG)
        account = await self._account(name)
        if account is None:
            raise unauthorized(_WRONG)
        entry = (name, password, str(account.fields.get("derived_key")))
        if entry not in self._remembered:
            if not await asyncio.to_thread(matches, password, account.fields):
                raise unauthorized(_WRONG)
            self._remembered.add(entry)
        return UserCtx(name, account.roles, "default")

    async def new_cookie(self, name: str, *, secure: bool) -> str:
        """The `Set-Cookie` header of a user who has just signed in."""
        value = cookies.issue(name, int(time.time()), await self._cookie_secret(name) or b"")
        return cookies.set_cookie(value, self._options.session_timeout_s, secure=secure)

    async def renewed_cookie(self, request: web.Request) -> str | None:
        """A fresh cookie where the one that came is valid and a tenth of its time is over, else None."""
        cookie = request.cookies.get(cookies.COOKIE)
        ticket = cookies.parse_ticket(cookie) if cookie else None
        if ticket is None or int(time.time()) - ticket.issued_s <= self._options.session_timeout_s // 10:
            return None
        return await self.new_cookie(ticket.name, secure=request.secure)

    def internal_headers(self, user: UserCtx | None) -> dict[str, str]:
        """Headers with which this process calls itself over loopback, as `user` or as the administrator."""
        who = user or UserCtx(None, (ADMIN_ROLE,))
        claim = base64.b64encode(msgspec.json.encode([who.name, who.roles])).decode()
        return {"Authorization": f"{_SELF}{self._self_token} {claim}"}

    def _node_itself(self, credentials: str, remote: str | None) -> UserCtx:
        token, _, claim = credentials.partition(" ")
        if not _is_loopback(remote) or not hmac.compare_digest(token.encode(), self._self_token.encode()):
            raise unauthorized(_WRONG)
        name, roles = msgspec.json.decode(base64.b64decode(claim), type=tuple[str | None, tuple[str, ...]])
        return UserCtx(name, roles, "internal")

    async def _by_cookie(self, cookie: str) -> UserCtx | None:
        ticket = cookies.parse_ticket(cookie)
        if ticket is None:
            return None
        secret = await self._cookie_secret(ticket.name)
        timeout_s = self._options.session_timeout_s
        if secret is None or not cookies.is_valid(ticket, int(time.time()), secret, timeout_s):
            return None
        if ticket.name == ADMIN:
            return UserCtx(ADMIN, (ADMIN_ROLE,), "cookie")
        account = await self._account(ticket.name)
        return None if account is None else UserCtx(ticket.name, account.roles, "cookie")

    async def _cookie_secret(self, name: str) -> bytes | None:
        # With the salt in it, a changed password ends all sessions.
        if name == ADMIN:
            return hmac.digest(self._options.cookie_secret, self._options.admin_password.encode(), "sha256")
        account = await self._account(name)
        return None if account is None else self._options.cookie_secret + account.salt.encode()

    async def _account(self, name: str) -> _Account | None:
        users = await self._catalog.get(USERS)
        stored = await asyncio.to_thread(users.stored, PREFIX + name)
        if stored is None or stored.deleted:
            return None
        fields: dict[str, Any] = msgspec.json.decode(stored.body)
        roles = fields.get("roles")
        names = tuple(str(role) for role in roles) if isinstance(roles, list) else ()
        return _Account(names, str(fields.get("salt", "")), fields)


def _basic(encoded: str) -> tuple[str, str] | None:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as err:
        raise bad_request("Authorization header has invalid base64 value") from err
    name, colon, password = text.partition(":")
    if not colon or (name, password) == ("_", "_"):
        return None
    return name, password


def _is_loopback(remote: str | None) -> bool:
    try:
        return remote is not None and ipaddress.ip_address(remote).is_loopback
    except ValueError:
        return False

"""Identities that ended or were never given: sessions over, accounts removed, tokens of one's own making."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import requests
from attack_world import TIMEOUT_S, World

from couch.client import Server
from couch.names import WORKER, device_roles
from couch.settings import Account

# the key of the recorded conversations, which the CouchDB under test may have, is a short one
pytestmark = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")

HOUR = 3600


def token(key: bytes, roles: list[str], *, exp: float | None = HOUR, algorithm: str = "HS256") -> str:
    claims: dict[str, Any] = {"sub": "device", "_couchdb.roles": roles, "_couchdb": {"roles": roles}}
    if exp is not None:
        claims["exp"] = int(time.time() + exp)
    secret: Any = None if algorithm == "none" else key
    return jwt.encode(claims, secret, algorithm=algorithm, headers={"kid": "_default"})


OTHER_KEY = b"a key of the attacker's own, 32 bytes"
TOKENS: list[tuple[str, Callable[[bytes, list[str]], str]]] = [
    ("an hour too old", lambda key, roles: token(key, roles, exp=-HOUR)),
    ("that never ends", lambda key, roles: token(key, roles, exp=None)),
    ("signed with another key", lambda _key, roles: token(OTHER_KEY, roles)),
    ("of an administrator, signed with another key", lambda _key, _: token(OTHER_KEY, ["_admin"])),
    ("not signed at all", lambda key, roles: token(key, roles, algorithm="none")),
    ("with another payload", lambda key, roles: swapped(token(key, ["analyst"]), roles)),
]


def swapped(signed: str, roles: list[str]) -> str:
    """The token with other roles under the same signature."""
    head, payload, signature = signed.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["_couchdb.roles"] = claims["_couchdb"]["roles"] = roles
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{forged}.{signature}"


def ask(world: World, name: str, doc: Any, headers: dict[str, str]) -> requests.Response:
    url = f"{world.url}/{name}/_bulk_docs"
    return requests.post(url, json={"docs": [doc]}, headers=headers, timeout=TIMEOUT_S)


def test_a_good_token_opens_so_that_the_others_prove_something(world: World, couch_token_key: bytes) -> None:
    home = world.home("revoked")
    bearer = {"Authorization": f"Bearer {token(couch_token_key, device_roles(home.uuid, home.device))}"}
    [row] = ask(world, home.name, home.heartbeat(), bearer).json()
    assert "rev" in row
    world.spoiled("revoked")


@pytest.mark.parametrize("who", ["device", "worker"])
@pytest.mark.parametrize(("name", "make"), TOKENS, ids=[name for name, _ in TOKENS])
def test_a_token_that_is_none(
    name: str, make: Callable[[bytes, list[str]], str], who: str, world: World, couch_token_key: bytes
) -> None:
    home = world.home("granted")
    before = home.snapshot()
    doc = home.measurement() if who == "device" else home.registration(_rev=home.rev("registration"))
    roles = device_roles(home.uuid, home.device) if who == "device" else [WORKER]
    bearer = {"Authorization": f"Bearer {make(couch_token_key, roles)}"}
    assert ask(world, home.name, doc, bearer).status_code in (400, 401)
    assert home.snapshot() == before


def sign_in(world: World, account: Account) -> str:
    """The value of the session's cookie."""
    answer = requests.post(
        f"{world.url}/_session",
        json={"name": account.user, "password": account.password.reveal()},
        timeout=TIMEOUT_S,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.cookies["AuthSession"])


def changed_time(cookie: str) -> str:
    """The cookie with a time in the far future, under the old signature."""
    name, _, signature = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4)).split(b":", 2)
    return base64.urlsafe_b64encode(b":".join((name, b"7FFFFFFF", signature))).rstrip(b"=").decode()


def remove(server: Server, account: Account) -> None:
    users = server.database("_users")
    stored = users.get(f"org.couchdb.user:{account.user}")
    users.delete(stored["_id"], stored["_rev"])


def new_password(server: Server, account: Account) -> None:
    roles = server.database("_users").get(f"org.couchdb.user:{account.user}")["roles"]
    server.put_user(account.user, uuid.uuid4().hex, roles)


ENDS: list[tuple[str, Callable[[Server, Account, str], str]]] = [
    ("of an account that was removed", lambda server, account, cookie: remove(server, account) or cookie),
    ("from before a new password", lambda server, account, cookie: new_password(server, account) or cookie),
    ("made to last", lambda _server, _account, cookie: changed_time(cookie)),
]


@pytest.mark.parametrize(("name", "end"), ENDS, ids=[name for name, _ in ENDS])
def test_a_session(
    name: str,
    end: Callable[[Server, Account, str], str],
    world: World,
    couch_server: Server,
    fresh_account: Callable[..., Account],
) -> None:
    home = world.home("granted")
    account = fresh_account("researcher")
    cookie = sign_in(world, account)
    session = {"Cookie": f"AuthSession={cookie}"}
    report = {"_id": "note", "type": "note"}  # refused by the rules while the session is good
    [row] = ask(world, home.name, report, session).json()
    assert row["error"] == "forbidden"
    before = home.snapshot()
    ended = {"Cookie": f"AuthSession={end(couch_server, account, cookie)}"}
    assert ask(world, home.name, home.registration(), ended).status_code in (401, 403)
    assert home.snapshot() == before


def test_a_wrong_password(world: World) -> None:
    home = world.home("granted")
    before = home.snapshot()
    basic = base64.b64encode(f"{world.account_of('device').user}:guess".encode()).decode()
    answer = ask(world, home.name, home.measurement(), {"Authorization": f"Basic {basic}"})
    assert answer.status_code == 401
    assert home.snapshot() == before

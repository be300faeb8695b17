"""Who may do what: security objects, accounts, passwords, cookies, tokens."""

import base64
import json
import time

import jwt
import pytest

from couch.node import cookies
from couch.node.access import check_security, is_admin, require_admin, require_member
from couch.node.accounts import account_edit, check_account
from couch.node.answers import HttpError
from couch.node.edits import parse_edit
from couch.node.passwords import Remembered, matches
from couch.node.tokens import user_of_token
from couch.node.user import INTERNAL_ADMIN, NOBODY, UserCtx

KEY = b"a key of at least thirty-two bytes"
MEMBER = UserCtx("m", ("household:1",))
SECURITY = {"admins": {"names": ["boss"]}, "members": {"roles": ["household:1"]}}


def token(key: bytes = KEY, **claims: object) -> str:
    return jwt.encode({"exp": int(time.time()) + 60, **claims}, key, algorithm="HS256")


def refusal(text: str, key: bytes | None = KEY) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        user_of_token(text, key)
    return caught.value.status, caught.value.reason


def test_members_administrators_and_nobody_else_may_read() -> None:
    for user in (MEMBER, UserCtx("boss"), INTERNAL_ADMIN):
        require_member(SECURITY, user)
    with pytest.raises(HttpError, match="401 unauthorized"):
        require_member(SECURITY, NOBODY)
    with pytest.raises(HttpError, match="403 forbidden"):
        require_member(SECURITY, UserCtx("x", ("household:2",)))


def test_a_database_without_members_is_open() -> None:
    require_member({}, NOBODY)
    require_member({"members": {"names": [], "roles": []}}, NOBODY)


def test_only_administrators_may_administer() -> None:
    assert is_admin(SECURITY, UserCtx("boss"))
    assert not is_admin(SECURITY, MEMBER)
    with pytest.raises(HttpError, match="403 forbidden"):
        require_admin(SECURITY, MEMBER)


@pytest.mark.parametrize(
    "security", [[], {"admins": 5}, {"admins": {"names": 5}}, {"members": {"roles": [5]}}]
)
def test_a_malformed_security_object_is_refused(security: object) -> None:
    with pytest.raises(HttpError, match="400"):
        check_security(security)


def test_a_password_is_stored_derived_and_found_again() -> None:
    edit = parse_edit(
        {"_id": "org.couchdb.user:a", "name": "a", "type": "user", "roles": [], "password": "soup"}
    )
    stored = account_edit(edit, 1000).body
    assert "password" not in stored
    assert "soup" not in json.dumps(stored)
    assert stored["name"] == "a"
    assert matches("soup", stored)
    assert not matches("salad", stored)
    assert not matches("soup", {"name": "a"})


def test_an_account_that_couchdb_wrote_is_understood() -> None:
    couchdb = {
        "password_scheme": "pbkdf2",
        "pbkdf2_prf": "sha256",
        "salt": "bf855212d2b46c88134b36cf8ba06adf",
        "iterations": 600000,
        "derived_key": "e1fd255a26a5280adb6c17a12223179631d3e322914e5f755df24912cd383bbf",
    }
    assert matches("pw", couchdb)
    with pytest.raises(HttpError, match="too high"):
        matches("pw", {**couchdb, "iterations": 10**9})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "x"}, "doc.type must be user"),
        ({"name": ""}, "doc.name is required"),
        ({"roles": None}, "doc.roles must exist"),
        ({"roles": ["_admin"]}, "No system roles"),
        ({"name": "b"}, "must be of the form"),
        ({"roles": [5]}, "can only contain strings"),
    ],
)
def test_a_document_that_is_no_account_is_refused(change: dict[str, object], reason: str) -> None:
    account = {"_id": "org.couchdb.user:a", "name": "a", "type": "user", "roles": []}
    check_account(parse_edit(account))
    with pytest.raises(HttpError, match=reason):
        check_account(parse_edit(account | change))


def test_a_password_found_right_is_remembered_for_that_account_alone() -> None:
    known = Remembered()
    known.add(("a", "pw", "key"))
    assert ("a", "pw", "key") in known
    assert ("a", "pw", "another key") not in known
    assert ("b", "pw", "key") not in known


def test_a_cookie_is_valid_for_its_time_and_with_its_secret() -> None:
    ticket = cookies.parse_ticket(cookies.issue("a", 1000, b"secret"))
    assert ticket is not None
    assert ticket.name == "a"
    assert cookies.is_valid(ticket, 1100, b"secret", 600)
    assert not cookies.is_valid(ticket, 1600, b"secret", 600)
    assert not cookies.is_valid(ticket, 1100, b"other", 600)


def test_a_cookie_of_another_form_is_refused() -> None:
    with pytest.raises(HttpError, match="Malformed AuthSession"):
        cookies.parse_ticket("xyz")
    assert cookies.parse_ticket(base64.urlsafe_b64encode(b"a:no time:x").decode()) is None


def test_a_token_names_user_and_roles() -> None:
    user = user_of_token(token(sub="device-1", **{"_couchdb.roles": ["household:1"]}), KEY)
    assert user == UserCtx("device-1", ("household:1",), "jwt")


def test_a_token_that_does_not_hold_is_refused() -> None:
    assert refusal(token(sub="a", exp=1)) == (401, "exp not in future")
    assert refusal(token(sub="a", nbf=int(time.time()) + 600)) == (401, "nbf not in past")
    assert refusal(token()) == (401, "Token missing sub claim.")
    assert refusal(token(key=b"another key of thirty-two bytes ..", sub="a")) == (400, "Bad HMAC")
    assert refusal("x") == (400, "Malformed token")
    assert refusal(jwt.encode({"sub": "a"}, KEY, algorithm="HS256")) == (400, "Missing exp claim")
    assert refusal(token(sub="a"), None) == (400, "Unknown kid")
    assert refusal(token(sub="a", **{"_couchdb.roles": [1]})) == (400, "Malformed token")


def test_an_unsigned_token_is_refused() -> None:
    unsigned = jwt.encode({"sub": "a", "exp": 9999999999}, None, algorithm="none")
    assert refusal(unsigned)[0] == 400

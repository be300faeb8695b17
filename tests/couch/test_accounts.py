"""What has to change in `_users` so that an account is as wanted."""

import hashlib
from typing import Any

from couch.accounts import password_matches, wanted_account


def _stored(password: str, **changes: Any) -> dict[str, Any]:
    """As CouchDB 3.5 derives it, with fewer iterations."""
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), b"00ff", 10, 32).hex()
    return {
        "_id": "org.couchdb.user:a",
        "_rev": "1-x",
        "name": "a",
        "type": "user",
        "roles": ["r"],
        "password_scheme": "pbkdf2",
        "pbkdf2_prf": "sha256",
        "salt": "00ff",
        "iterations": 10,
        "derived_key": key,
        **changes,
    }


def test_a_new_account_is_written_whole() -> None:
    assert wanted_account(None, "a", "pw", ["y", "x"]) == {
        "_id": "org.couchdb.user:a",
        "name": "a",
        "type": "user",
        "roles": ["x", "y"],
        "password": "pw",
    }


def test_an_account_as_wanted_is_left_alone() -> None:
    assert wanted_account(_stored("pw"), "a", "pw", ["r"]) is None


def test_other_roles_keep_the_key() -> None:
    changed = wanted_account(_stored("pw"), "a", "pw", ["s"])
    assert changed == _stored("pw", roles=["s"])


def test_another_password_is_set() -> None:
    changed = wanted_account(_stored("pw"), "a", "new", ["r"])
    assert changed is not None
    assert changed["password"] == "new"


def test_keys_of_older_servers_and_unknown_ones() -> None:
    sha1 = hashlib.pbkdf2_hmac("sha1", b"pw", b"00ff", 10, 20).hex()
    old = _stored("pw", derived_key=sha1)
    del old["pbkdf2_prf"]
    assert password_matches(old, "pw")
    assert not password_matches(_stored("pw", password_scheme="simple"), "pw")
    assert not password_matches(_stored("pw", derived_key="no hex"), "pw")
    assert not password_matches({"password_scheme": "pbkdf2"}, "pw")

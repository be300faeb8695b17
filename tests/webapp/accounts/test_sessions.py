"""Sessions of accounts: where they end, and when their id changes."""

import re
from typing import Any

from webapp.site import Entered


def test_an_id_has_256_random_bits_and_only_its_hash_is_stored(ada: Any) -> None:
    tokens = {ada.begin("ada") for _ in range(3)}
    assert len(tokens) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)
    for token in tokens:
        assert token.encode() not in ada.bytes()


def test_a_session_that_is_not_used_ends(ada: Any) -> None:
    token = ada.begin("ada")
    ada.wall.now += 1799
    assert ada.sessions.find(token).account == "ada"
    ada.wall.now += 1799
    assert ada.sessions.find(token) is not None
    ada.wall.now += 1801
    assert ada.sessions.find(token) is None


def test_a_session_that_is_used_all_day_ends_too(ada: Any) -> None:
    token = ada.begin("ada")
    for _ in range(8 * 4 - 1):
        ada.wall.now += 900
        assert ada.sessions.find(token) is not None
    ada.wall.now += 900
    assert ada.sessions.find(token) is None


def test_an_id_that_nobody_gave_out_is_nothing(ada: Any) -> None:
    assert ada.sessions.find("0" * 43) is None


def test_ended_is_ended(ada: Any) -> None:
    token, other = ada.begin("ada"), ada.begin("ada")
    ada.sessions.end(token)
    assert ada.sessions.find(token) is None
    assert ada.sessions.find(other) is not None
    assert ada.sessions.count("ada") == 1


def test_other_roles_hold_at_once_under_another_id(ada: Any) -> None:
    token = ada.begin("ada")
    ada.directory.set_roles("ada", ["administrator"])
    found = ada.sessions.find(token)
    assert found.roles == ("administrator",)
    assert found.token != token
    assert ada.sessions.find(token) is None
    assert ada.sessions.find(found.token) == found


def test_the_same_roles_given_again_change_nothing(ada: Any) -> None:
    token = ada.begin("ada")
    ada.directory.set_roles("ada", ["analyst", "researcher"])
    assert ada.sessions.find(token).token == token


def test_disable_reset_and_a_new_password_end_every_session(ada: Any) -> None:
    for change in (
        lambda: ada.directory.reset("ada", valid_s=60),
        lambda: ada.directory.change_password("ada", ada.passwords.hashed("correct horse battery")),
        lambda: ada.directory.sign_out_everywhere("ada"),
        lambda: ada.directory.disable("ada"),
    ):
        ada.directory.change_password("ada", ada.passwords.hashed("correct horse battery"))
        tokens = [ada.begin("ada"), ada.begin("ada")]
        ada.with_password(f"bob{ada.wall.now:.0f}")
        others = ada.begin(f"bob{ada.wall.now:.0f}")
        change()
        assert [ada.sessions.find(token) for token in tokens] == [None, None]
        assert ada.sessions.find(others) is not None
        ada.wall.now += 1


def test_no_session_begins_for_an_account_that_is_disabled(ada: Any) -> None:
    ada.directory.disable("ada")
    token = ada.sessions.begin(Entered(("researcher",), "ada"))
    assert ada.sessions.find(token) is None
    ada.directory.enable("ada")
    assert ada.sessions.find(token) is None


def test_what_has_ended_is_cleared_away(ada: Any) -> None:
    for _ in range(5):
        ada.begin("ada")
    ada.wall.now += 9 * 3600
    ada.begin("ada")
    with ada.file.reading() as tables:
        assert tables.execute("SELECT count(*) FROM session").fetchone()[0] == 1

"""Accounts and their one-time links."""

from typing import Any

import pytest

from couch.errors import Fault
from webapp.accounts.directory import LastAdministrator


@pytest.mark.parametrize("name", ["", "a", "Ada", "1ada", "ada lovelace", "ada\n", "a" * 65, "../ada", "ädä"])
def test_a_name_that_will_not_do_makes_no_account(accounts: Any, name: str) -> None:
    with pytest.raises(Fault, match="for example ada"):
        accounts.directory.add(name, ["analyst"], valid_s=60)
    assert accounts.directory.all() == []


@pytest.mark.parametrize("roles", [[], ["worker"], ["analyst", "_admin"], ["participant"]])
def test_only_the_roles_of_people_are_given(ada: Any, roles: list[str]) -> None:
    with pytest.raises(Fault, match="at least one of the roles"):
        ada.directory.add("bob", roles, valid_s=60)
    with pytest.raises(Fault, match="at least one of the roles"):
        ada.directory.set_roles("ada", roles)
    assert [one.roles for one in ada.directory.all()] == [("analyst", "researcher")]


def test_a_name_is_given_once(ada: Any) -> None:
    with pytest.raises(Fault, match="survey account reset"):
        ada.directory.add("ada", ["administrator"], valid_s=60)


@pytest.mark.parametrize("change", ["disable", "enable", "reset", "set_roles"])
def test_an_account_that_is_not_there_is_named(ada: Any, change: str) -> None:
    more = {"reset": {"valid_s": 60}, "set_roles": {"roles": ["analyst"]}}.get(change, {})
    with pytest.raises(Fault, match="no account 'bob'"):
        getattr(ada.directory, change)("bob", **more)


def test_a_link_sets_a_password_once(accounts: Any) -> None:
    link = accounts.directory.add("ada", ["analyst"], valid_s=60)
    assert link.token.encode() not in accounts.bytes()
    assert accounts.directory.find("ada").state == "invited"
    assert accounts.directory.behind_link(link.token).name == "ada"
    assert accounts.directory.use_link(link.token, accounts.passwords.hashed("x" * 12)) is not None
    assert accounts.directory.find("ada").state == "active"
    assert accounts.directory.behind_link(link.token) is None
    stands = accounts.directory.find("ada").password_hash
    assert accounts.directory.use_link(link.token, accounts.passwords.hashed("y" * 12)) is None
    assert accounts.directory.find("ada").password_hash == stands


def test_a_link_ends(accounts: Any) -> None:
    link = accounts.directory.add("ada", ["analyst"], valid_s=60)
    assert link.expires_at == accounts.wall.now + 60
    accounts.wall.now += 60
    assert accounts.directory.behind_link(link.token) is None
    assert accounts.directory.use_link(link.token, "x") is None
    assert accounts.directory.find("ada").state == "invited"


def test_a_newer_link_replaces_the_older_one(accounts: Any) -> None:
    first = accounts.directory.add("ada", ["analyst"], valid_s=60)
    second = accounts.directory.reset("ada", valid_s=60)
    assert accounts.directory.behind_link(first.token) is None
    assert accounts.directory.behind_link(second.token).name == "ada"


def test_a_reset_takes_the_old_password_away_at_once(ada: Any) -> None:
    ada.directory.reset("ada", valid_s=60)
    assert ada.directory.find("ada").state == "invited"
    assert ada.directory.find("ada").password_hash is None


def test_a_changed_password_ends_an_open_link(ada: Any) -> None:
    link = ada.directory.reset("ada", valid_s=60)
    ada.directory.change_password("ada", ada.passwords.hashed("x" * 12))
    assert ada.directory.behind_link(link.token) is None


def test_a_disabled_account_has_no_link_and_gets_none(ada: Any) -> None:
    link = ada.directory.reset("ada", valid_s=60)
    ada.directory.disable("ada")
    assert ada.directory.behind_link(link.token) is None
    with pytest.raises(Fault, match="survey account enable"):
        ada.directory.reset("ada", valid_s=60)
    ada.directory.enable("ada")
    assert ada.directory.behind_link(link.token) is None


def test_an_enabled_account_has_its_password_and_roles_from_before(ada: Any) -> None:
    ada.directory.disable("ada")
    assert ada.directory.enable("ada").state == "active"
    assert ada.knock("ada").roles == ("analyst", "researcher")


def test_no_hash_shows_where_an_account_is_printed(ada: Any) -> None:
    assert "argon2" not in repr(ada.directory.find("ada"))


def test_a_removed_account_is_gone_with_its_link_and_sessions(ada: Any) -> None:
    link, token = ada.directory.reset("ada", valid_s=60), ""
    ada.directory.use_link(link.token, ada.passwords.hashed("x" * 12))
    token = ada.sessions.begin(ada.knock("ada", "x" * 12))
    ada.directory.remove("ada")
    assert ada.directory.find("ada") is None
    assert ada.sessions.find(token) is None
    with pytest.raises(Fault, match="no account"):
        ada.directory.remove("ada")


def test_the_command_line_may_take_the_last_administrator_away_and_a_page_may_not(accounts: Any) -> None:
    accounts.with_password("ada", "administrator")
    directory = accounts.directory
    for change in (
        lambda: directory.set_roles("ada", ["analyst"], keep_administrator=True),
        lambda: directory.disable("ada", keep_administrator=True),
        lambda: directory.reset("ada", valid_s=60, keep_administrator=True),
        lambda: directory.remove("ada", keep_administrator=True),
    ):
        with pytest.raises(LastAdministrator):
            change()
    assert directory.find("ada").state == "active"
    accounts.with_password("bea", "administrator")
    directory.disable("ada", keep_administrator=True)
    assert directory.disable("bea").disabled

"""The administrators' pages about accounts."""

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture
def people(centre: Any, words: Callable[[str], str]) -> Iterator[Any]:
    """The centre that all tests share; its accounts are as before afterwards."""
    accounts = centre.accounts
    before = [(one.name, one.roles, one.state) for one in accounts.directory.all()]
    yield centre
    for one in accounts.directory.all():
        accounts.directory.remove(one.name)
    for name, roles, state in before:
        accounts.directory.add(name, roles, valid_s=3600)
        if state == "active":
            accounts.directory.change_password(name, accounts.passwords.hashed(words(name)))


def number_of(centre: Any, name: str) -> int:
    found = centre.accounts.directory.find(name)
    assert found is not None
    return int(found.id)


def change(centre: Any, name: str, what: str, **values: Any) -> Any:
    browser = centre.signed_in("adam")
    browser.get(f"/accounts/{number_of(centre, name)}")
    return browser.send(f"/accounts/{number_of(centre, name)}/{what}", **values)


def test_everybody_who_may_sign_in_is_listed(people: Any) -> None:
    people.accounts.directory.disable("anna")
    page = people.signed_in("adam").get("/accounts").text
    for words in ("rosa", "researcher", "invited", "locked"):
        assert words in page


def test_an_invitation_shows_its_link_once(people: Any, caplog: pytest.LogCaptureFixture) -> None:
    browser = people.signed_in("adam")
    browser.get("/accounts/new")
    with caplog.at_level(logging.INFO):
        page = browser.send("/accounts/new", name="ida", roles="researcher").text
    [link] = re.findall(r'value="http://localhost/link/([^"]+)"', page)
    assert people.accounts.directory.behind_link(link).name == "ida"
    assert "adam invited ida as researcher" in caplog.text
    assert link not in caplog.text
    assert "/link/" not in browser.get(f"/accounts/{number_of(people, 'ida')}").text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "Ida", "roles": "researcher"}, "lower-case letters"),
        ({"name": "rosa", "roles": "researcher"}, "already"),
        ({"name": "ida"}, "at least one role"),
        ({"name": "ida", "roles": "worker"}, "at least one role"),
    ],
)
def test_all_faults_of_an_invitation_are_named(people: Any, values: Any, said: str) -> None:
    browser = people.signed_in("adam")
    browser.get("/accounts/new")
    answer = browser.send("/accounts/new", **values)
    assert answer.status_code == 422
    assert said in answer.text
    assert people.accounts.directory.find("ida") is None


def test_roles_are_given_and_taken(people: Any) -> None:
    assert change(people, "rosa", "roles", roles=["analyst", "administrator"]).status_code == 303
    assert people.accounts.directory.find("rosa").roles == ("administrator", "analyst")
    assert change(people, "rosa", "roles").status_code == 422


def test_a_locked_account_is_signed_out_and_kept_out_until_it_is_unlocked(people: Any) -> None:
    rosa = people.signed_in("rosa")
    change(people, "rosa", "lock")
    assert rosa.get("/households").location == "/sign-in"
    change(people, "rosa", "unlock")
    people.signed_in("rosa")


def test_a_new_link_ends_the_old_password(people: Any) -> None:
    page = change(people, "rosa", "link").text
    assert "/link/" in page
    assert people.accounts.directory.find("rosa").state == "invited"
    people.accounts.directory.disable("anna")
    assert change(people, "anna", "link").status_code == 422


def test_an_account_is_removed_once_somebody_is_sure(people: Any) -> None:
    assert change(people, "rosa", "remove").status_code == 422
    number = number_of(people, "rosa")
    assert change(people, "rosa", "remove", sure="yes").status_code == 303
    assert people.accounts.directory.find("rosa") is None
    assert people.signed_in("adam").get(f"/accounts/{number}").status_code == 404


@pytest.mark.parametrize(
    ("what", "values"),
    [("roles", {"roles": "analyst"}), ("lock", {}), ("link", {}), ("remove", {"sure": "yes"})],
)
def test_the_last_administrator_cannot_be_taken_away(people: Any, what: str, values: Any) -> None:
    before = people.accounts.directory.find("adam")
    answer = change(people, "adam", what, **values)
    assert answer.status_code == 422
    assert "Nobody would be left" in answer.text
    assert people.accounts.directory.find("adam").password_hash == before.password_hash
    assert people.accounts.directory.find("adam").roles == before.roles
    people.accounts.directory.set_roles("rosa", ["administrator"])
    assert change(people, "adam", what, **values).status_code in {200, 303}


def test_an_administrator_who_is_only_invited_does_not_count(people: Any) -> None:
    people.accounts.directory.set_roles("igor", ["administrator"])  # has no password yet
    assert change(people, "adam", "lock").status_code == 422


def test_every_change_needs_the_form_s_token(people: Any) -> None:
    browser = people.signed_in("adam")
    number = number_of(people, "rosa")
    for what in ("roles", "lock", "unlock", "link", "remove"):
        assert browser.client.post(f"/accounts/{number}/{what}", data={"sure": "yes"}).status_code == 400
    assert people.accounts.directory.find("rosa").state == "active"

"""The centre's pages as a real process, with CouchDB's own accounts."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from couch.client import Server
from couch.documents import ConsentState, HouseholdSummary
from couch.names import REGISTRY
from couch.settings import Account


@pytest.fixture
def registered(couch_server: Server, central: None) -> Iterator[HouseholdSummary]:
    """A household in the registry."""
    summary = HouseholdSummary(
        household=str(uuid.uuid4()),
        pseudonym=uuid.uuid4().hex,
        name=f"Household {uuid.uuid4().hex}",
        consent=ConsentState.GRANTED,
    )
    registry = couch_server.database(REGISTRY)
    rev = registry.put(summary.to_json())
    yield summary
    registry.delete(summary.id, rev)


WORDS = "correct horse battery"


def test_a_researcher_is_invited_signs_in_and_sees_the_household(
    serving: Any, centre_toml: Any, registered: HouseholdSummary, invite: Any
) -> None:
    config = centre_toml()
    browser = serving("centre", "serve", "--config", config)
    invite(browser, config, "ada", "researcher", password=WORDS)
    assert browser.send("/sign-in", name="ada", password="wrong").status_code == 403
    answer = browser.send("/sign-in", name="ada", password=WORDS)
    assert answer.url.endswith("/households")
    assert registered.name in answer.text
    assert registered.pseudonym in browser.get(f"/households/{registered.household}").text


def test_an_analyst_sees_no_names(
    serving: Any, centre_toml: Any, registered: HouseholdSummary, invite: Any
) -> None:
    config = centre_toml()
    browser = serving("centre", "serve", "--config", config)
    invite(browser, config, "anna", "analyst", password=WORDS)
    answer = browser.send("/sign-in", name="anna", password=WORDS)
    assert answer.url.endswith("/export")
    refused = browser.get(f"/households/{registered.household}")
    assert refused.status_code == 403
    assert registered.name not in refused.text


@pytest.mark.usefixtures("central")
def test_a_command_takes_effect_in_the_pages_that_run(
    serving: Any, centre_toml: Any, invite: Any, run_survey: Any
) -> None:
    config = centre_toml()
    browser = serving("centre", "serve", "--config", config)
    invite(browser, config, "ada", "researcher", password=WORDS)
    browser.send("/sign-in", name="ada", password=WORDS)
    assert run_survey("account", "role", "ada", "--role", "analyst", "--config", config).returncode == 0
    assert browser.get("/households").status_code == 403
    assert browser.get("/export").status_code == 200
    assert run_survey("account", "disable", "ada", "--config", config).returncode == 0
    assert browser.get("/export").url.endswith("/sign-in")
    assert browser.send("/sign-in", name="ada", password=WORDS).status_code == 403


def test_an_account_of_the_database_does_not_open_the_pages(
    serving: Any, centre_toml: Any, role_account: Callable[..., Account]
) -> None:
    browser = serving("centre", "serve", "--config", centre_toml())
    account = role_account("researcher")
    browser.get("/sign-in")
    refused = browser.send("/sign-in", name=account.user, password=account.password.reveal())
    assert refused.status_code == 403


@pytest.mark.parametrize(("trusted", "open_"), [('trusted_proxy = "127.0.0.1"', True), ("", False)])
def test_who_guesses_is_told_apart_by_the_trusted_proxys_header_alone(
    serving: Any, centre_toml: Any, invite: Any, trusted: str, open_: bool
) -> None:
    """Both ask through the proxy at 127.0.0.1; what the guesser puts into the header does not count."""
    config = centre_toml(more=trusted)
    browser = serving("centre", "serve", "--config", config)
    invite(browser, config, "ada", "researcher", password=WORDS)
    for number in range(6):
        browser.http.headers["X-Forwarded-For"] = f"203.0.113.{number}, 198.51.100.66"
        assert browser.send("/sign-in", name="ada", password="a guess of many").status_code == 403
    assert "wait" in browser.page
    browser.http.headers["X-Forwarded-For"] = "192.0.2.7"
    answer = browser.send("/sign-in", name="ada", password=WORDS)
    assert ("Sign out ada" in answer.text) is open_


def test_settings_that_others_can_read_are_refused(
    centre_toml: Any, run_survey: Any, fault_line: Any
) -> None:
    config = centre_toml()
    config.chmod(0o644)
    for command in (("centre", "serve"), ("account", "list")):
        assert "chmod 600" in fault_line(run_survey(*command, "--config", config))
    assert not config.with_name("accounts.sqlite").exists()


def test_a_household_is_found_sorted_and_filtered_on_the_real_thing(
    serving: Any, centre_toml: Any, couch_server: Server, central: None, invite: Any
) -> None:
    """Two of them, so that there is an order: both ways, by each column, and beside one another.

    Where a column has the same value for both, the identifier decides.
    """
    mark = uuid.uuid4().hex[:12]
    stem = str(uuid.uuid4())[:-1]
    pair = [
        HouseholdSummary(
            household=f"{stem}{number}",
            pseudonym=uuid.uuid4().hex,
            name=f"{first} Ångström{mark}",
            city=f"{first}stadt{mark}",
            consent=ConsentState.GRANTED,
        )
        for number, first in enumerate(("Ada", "Özil"))
    ]
    registry = couch_server.database(REGISTRY)
    revs = [registry.put(one.to_json()) for one in pair]
    try:
        config = centre_toml()
        browser = serving("centre", "serve", "--config", config)
        invite(browser, config, "ada", "researcher", password=WORDS)
        browser.send("/sign-in", name="ada", password=WORDS)
        browser.get("/households")
        found = browser.send("/households/search", text=f"ANGSTROM{mark}").text
        assert all(one.household in found for one in pair)
        answer = browser.send("/households/search", text=pair[0].pseudonym)
        assert answer.url.endswith(f"/households/{pair[0].household}")
        for column in ("name", "city", "consent", "complete", "last", "devices"):
            after = browser.get(f"/households?sort={column}&after={pair[0].household}").text
            before = browser.get(f"/households?sort={column}&order=down&after={pair[1].household}").text
            assert pair[1].household in after, column
            assert pair[0].household in before, column
        shown = browser.get(f"/households?city=ozilstadt{mark}").text
        assert (pair[0].household in shown, pair[1].household in shown) == (False, True)
    finally:
        for one, rev in zip(pair, revs, strict=True):
            registry.delete(one.id, rev)

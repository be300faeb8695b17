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


def test_a_researcher_signs_in_and_sees_the_household(
    serving: Any, centre_toml: Any, registered: HouseholdSummary, role_account: Callable[..., Account]
) -> None:
    browser = serving("centre", "serve", "--config", centre_toml())
    account = role_account("researcher")
    browser.get("/sign-in")
    assert browser.send("/sign-in", name=account.user, password="wrong").status_code == 403
    answer = browser.send("/sign-in", name=account.user, password=account.password.reveal())
    assert answer.url.endswith("/households")
    assert registered.name in answer.text
    assert registered.pseudonym in browser.get(f"/households/{registered.household}").text


def test_an_analyst_sees_no_names(
    serving: Any, centre_toml: Any, registered: HouseholdSummary, role_account: Callable[..., Account]
) -> None:
    browser = serving("centre", "serve", "--config", centre_toml())
    account = role_account("analyst")
    browser.get("/sign-in")
    answer = browser.send("/sign-in", name=account.user, password=account.password.reveal())
    assert answer.url.endswith("/export")
    refused = browser.get(f"/households/{registered.household}")
    assert refused.status_code == 403
    assert registered.name not in refused.text

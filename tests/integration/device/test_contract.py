"""The replica in memory of the fast tests does what a real database does, where the aggregator uses it."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from couch.bootstrap import raise_consent
from couch.clock import SLOT
from couch.documents import ConsentState, Measurement, Reading, TimeProvenance, stamp
from couch.errors import Conflict, Refused


def in_memory() -> Any:
    """From the fast tests' conftest, which pytest does not let others import."""
    file = Path(__file__).parents[2] / "edge" / "conftest.py"
    spec = importlib.util.spec_from_file_location("tests_edge_conftest", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ReplicaInMemory()


@pytest.fixture(params=["in memory", "real"])
def pair(request: pytest.FixtureRequest, site: Any) -> tuple[Any, Any]:
    """The replica as the agent, and as the administrator."""
    if request.param == "real":
        return site.agent, site.replica
    fake = in_memory()
    return fake, fake


@pytest.fixture
def measurement(site: Any) -> Callable[[int, int], dict[str, Any]]:
    def make(number: int, value: int) -> dict[str, Any]:
        slot = site.clock.now() + number * SLOT
        return Measurement(
            meter=site.settings.meters[0].meter,
            measured_at=slot,
            slot=slot,
            device=site.settings.device,
            data=(Reading(obis="0100010800ff", value=value, scaler=0, unit="Wh"),),
            time=TimeProvenance(source="synchronized"),
        ).to_json()

    return make


def test_measurements_are_refused_until_security_shows_the_grant(pair: Any, measurement: Any) -> None:
    agent, admin = pair
    with pytest.raises(Refused) as caught:
        agent.put_once(measurement(0, 1))
    assert not isinstance(caught.value, Conflict)
    raise_consent(admin, ConsentState.GRANTED)
    assert agent.put_once(measurement(0, 1))


def test_writing_twice_is_writing_once_and_other_content_conflicts(pair: Any, measurement: Any) -> None:
    agent, admin = pair
    raise_consent(admin, ConsentState.GRANTED)
    assert agent.put_once(measurement(0, 1))
    assert not agent.put_once(measurement(0, 1))
    with pytest.raises(Conflict):
        agent.put_once(measurement(0, 2))
    assert agent.find(measurement(0, 1)["_id"])["data"][0]["value"] == 1


def test_ranges_contain_both_ends_in_order(pair: Any, measurement: Any, site: Any) -> None:
    agent, admin = pair
    raise_consent(admin, ConsentState.GRANTED)
    for number in (3, 1, 2, 0):
        agent.put_once(measurement(number, number))
    prefix = f"measurement:{site.settings.meters[0].meter}:"
    first, last = (f"{prefix}{stamp(site.clock.now() + number * SLOT)}" for number in (1, 2))
    assert [doc_id for doc_id, _ in agent.rows(start=first, end=last)] == [first, last]
    assert [doc["_id"] for doc in agent.documents(start=first, end=last)] == [first, last]


def test_what_is_absent_is_none_or_empty(pair: Any) -> None:
    agent, _ = pair
    assert (agent.find("consent:granted"), agent.leaves("consent:granted"), agent.local("cycle")) == (
        None,
        [],
        None,
    )


def test_local_documents_hold_what_was_put_last(pair: Any) -> None:
    agent, _ = pair
    for body in ({"meters": {}}, {"meters": {"a": {"run": None}}}):
        agent.put_local("cycle", body)
        assert agent.local("cycle") == body

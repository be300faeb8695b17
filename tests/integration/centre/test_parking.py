"""Poison documents: parked by name and reason, shown, and taken once more when a person asks for it."""

import json
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from anonymizer.commands import anonymizer
from anonymizer.parking import Parking
from anonymizer.status import as_text, read_status
from couch.client import Database
from couch.clock import Clock
from couch.errors import Fault
from couch.names import REGISTRY
from couch.retry_wishes import ask_by_name


@pytest.fixture
def poisoned(centre: Any) -> Any:
    """A household with a good measurement and one of a meter that is not registered yet."""
    household = centre.household()
    household.consent("granted")
    centre.take(household)
    registered, household.meter = household.meter, str(uuid.uuid4())
    household.measure([1])
    household.poison, household.meter = household.measurement(1).id, registered
    household.measure([0])
    centre.take(household)
    assert set(centre.parked(household)) == {household.poison}
    return household


def mend(centre: Any, household: Any) -> None:
    """Register the meter that the poison document speaks of."""
    meter = household.worker.get(f"meter:{household.meter}")
    other = household.poison.split(":")[1]
    kept = {key: value for key, value in meter.items() if key != "_rev"}
    household.worker.put({**kept, "_id": f"meter:{other}", "meter": other})


def wishes(centre: Any) -> list[str]:
    registry: Database = centre.worker.database(REGISTRY)
    return [doc_id for doc_id, _rev in registry.rows(start="retry:", end="retry;")]


def test_a_mended_document_is_taken_when_a_person_asks(centre: Any, poisoned: Any) -> None:
    mend(centre, poisoned)
    centre.take(poisoned)
    assert set(centre.parked(poisoned)) == {poisoned.poison}, "its place in the feed has passed"
    assert ask_by_name(centre.worker, poisoned.poison, Clock()) == 1
    centre.take(poisoned)
    assert centre.parked(poisoned) == {}
    assert wishes(centre) == []
    assert centre.new_worker().catch_up(threading.Event()) == 0


def test_a_document_that_is_still_bad_stays_parked_and_the_wish_is_done(centre: Any, poisoned: Any) -> None:
    assert ask_by_name(centre.worker, None, Clock()) >= 1
    assert centre.new_worker().catch_up(threading.Event()) == 0
    assert set(centre.parked(poisoned)) == {poisoned.poison}
    assert wishes(centre) == []


def test_a_worker_that_runs_takes_up_the_wish_by_itself(centre: Any, poisoned: Any) -> None:
    mend(centre, poisoned)
    with centre.following():
        ask_by_name(centre.worker, poisoned.uuid, Clock())
        for _ in range(600):
            if centre.parked(poisoned) == {}:
                break
            threading.Event().wait(0.05)
    assert centre.parked(poisoned) == {}


def test_nothing_of_a_name_that_is_not_parked_is_asked_for(centre: Any, poisoned: Any) -> None:
    with pytest.raises(Fault, match="nothing of that name"):
        ask_by_name(centre.worker, "measurement:nobody", Clock())
    assert wishes(centre) == []


def test_the_same_document_is_parked_once_however_often_it_is_met(centre: Any, poisoned: Any) -> None:
    registry: Database = centre.worker.database(REGISTRY)
    before = registry.get(f"parked:{poisoned.uuid}:{poisoned.poison}")
    parking = Parking(Clock(), centre.new_worker().metrics, 5)
    parking.park(registry, poisoned.uuid, poisoned.poison, before["document_rev"], before["reason"])
    assert registry.get(before["_id"])["_rev"] == before["_rev"]


def test_status_and_retry_are_commands(centre: Any, poisoned: Any, tmp_path: Path) -> None:
    settings = centre.settings
    config = tmp_path / "centre.toml"
    config.write_text(
        f'url = "{settings.url}"\npseudonym_key = "{settings.pseudonym_key}"\n'
        f'[admin]\nuser = "{settings.admin.user}"\npassword = "{settings.admin.password.reveal()}"\n'
        f'[worker]\nuser = "{settings.worker.user}"\npassword = "{settings.worker.password.reveal()}"\n'
    )
    config.chmod(0o600)
    run = CliRunner()
    shown = run.invoke(anonymizer, ["status", "--config", str(config), "--json"])
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.output)
    (entry,) = [one for one in found["parked"] if one["document"] == poisoned.poison]
    assert entry["household"] == poisoned.uuid
    assert entry["reason"] == "its meter is not registered in this household"
    text = run.invoke(anonymizer, ["status", "--config", str(config)]).output
    assert poisoned.poison in text
    assert text.strip() == as_text(read_status(centre.worker))
    asked = run.invoke(anonymizer, ["retry", poisoned.poison, "--config", str(config)])
    assert "1 parked document is tried again." in asked.output
    assert wishes(centre) == [f"retry:{poisoned.uuid}"]

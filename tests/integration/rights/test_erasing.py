"""Erasure altogether against a database server: research and registry hold nothing, devices are told."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from couch.documents import Erased, ExportRecord, ResearchGap
from couch.errors import Fault, Refused
from couch.names import REGISTRY, RESEARCH
from couch.research import gaps, measurements, write_research
from provisioning.rights.erasing import erase_household

START = datetime(2025, 6, 30, 23, 0, tzinfo=UTC)
FAR = START + timedelta(days=400)


def in_research(centre: Any, household: Any) -> list[str]:
    pseudonym = centre.pseudonyms.household(household.uuid)
    found = [row.id for row in measurements(centre.worker, START, FAR) if row.household == pseudonym]
    return found + [row.id for row in gaps(centre.worker, START, FAR) if row.household == pseudonym]


def add_gap(centre: Any, household: Any) -> None:
    names = centre.pseudonyms
    gap = ResearchGap(
        household=names.household(household.uuid),
        meter=names.meter(household.meter),
        from_slot=START + timedelta(hours=6),
        to_slot=START + timedelta(hours=7),
        cause="meter_silent",
    )
    write_research(centre.worker, [gap])


@pytest.mark.parametrize("before", ["granted", "revoked"])
def test_nothing_of_the_household_stays_in_research(
    centre: Any, measured: Any, anonymizing: Any, before: str
) -> None:
    other = centre.household()
    other.consent("granted")
    centre.take(other)
    other.measure(range(4))
    centre.take(other)
    add_gap(centre, measured)
    if before == "revoked":
        measured.consent("revoked", START + timedelta(hours=3))
        centre.take(measured)
    assert len(in_research(centre, measured)) == 9
    erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    assert in_research(centre, measured) == []
    assert centre.context(measured) is None
    assert len(in_research(centre, other)) == 4
    assert centre.context(other)["consent"] == "granted"


def test_the_registry_keeps_the_bare_record_of_the_erasure(
    centre: Any, measured: Any, anonymizing: Any
) -> None:
    done = erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    docs = [doc for doc in centre.worker.database(REGISTRY).documents() if measured.uuid in json.dumps(doc)]
    assert [doc["_id"] for doc in docs] == [f"erasure:{measured.uuid}"]
    assert (done.record.kept, done.record.not_kept, done.record.read_to) == ((), {}, "")
    assert done.record.research_erased_at is not None
    assert done.record.outstanding == (measured.device,)


def test_devices_are_told_and_measurements_refused(centre: Any, measured: Any, anonymizing: Any) -> None:
    erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    assert measured.as_device.security()["consent"] == {"state": "revoked", "erased": True}
    assert [doc["_id"] for doc in measured.admin.documents()] == ["consent:granted", "consent:revoked"]
    assert measured.admin.get("consent:revoked")["by"] == {"role": "researcher", "device": None}
    with pytest.raises(Refused, match="erased"):
        measured.as_device.put(measured.measurement(9).to_json())
    word = Erased(device=measured.device, at=START + timedelta(days=1), unsent_measurements=3)
    measured.as_device.put(word.to_json())
    centre.take(measured)
    record = centre.worker.database(REGISTRY).get(f"erasure:{measured.uuid}")
    assert [device["unsent_measurements"] for device in record["devices"]] == [3]


def test_no_location_needs_to_be_drawn(centre: Any, measured: Any, anonymizing: Any) -> None:
    drawn = len(centre.draw.drawn)
    centre.draw.refusal = Fault("there is no geodata.")
    try:
        erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    finally:
        centre.draw.refusal = None
    assert len(centre.draw.drawn) == drawn
    assert centre.context(measured) is None


def test_what_a_paused_worker_brings_back_goes_at_the_next_visit(
    centre: Any, measured: Any, anonymizing: Any
) -> None:
    erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    add_gap(centre, measured)
    centre.take(measured)
    assert in_research(centre, measured) == []


def test_holders_of_earlier_data_sets_are_named(centre: Any, measured: Any, anonymizing: Any) -> None:
    pseudonym = centre.pseudonyms.household(measured.uuid)
    record = ExportRecord(
        sha256="ab" * 32, at=START, from_at=START, to_at=FAR, format="csv", households=(pseudonym, "f" * 32)
    )
    centre.worker.database(RESEARCH).put_once(record.to_json())
    done = erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    assert [doc["sha256"] for doc in done.exports] == ["ab" * 32]
    assert done.exports[0]["households"] == [pseudonym]
    assert centre.worker.database(RESEARCH).find(f"withdrawal:{pseudonym}") is not None


def test_a_second_erasure_changes_nothing(centre: Any, measured: Any, anonymizing: Any) -> None:
    first = erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    assert erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing) == first


def test_an_unknown_household_is_refused(centre: Any, anonymizing: Any) -> None:
    with pytest.raises(Fault, match="no household"):
        erase_household("00000000-0000-4000-8000-000000000000", admin=centre.admin, anonymizing=anonymizing)

"""Reports of mistakes on their way to the researchers' list, and out of it when the household is erased."""

import uuid
from typing import Any

import msgspec

from couch.documents import Json, Report, Reported
from couch.names import REGISTRY

TEXT = "The meter hangs in the shed of our neighbour"


def report(household: Any) -> Report:
    sent = Report(report=str(uuid.uuid4()), at=household.measurement(0).slot, text=TEXT)
    household.as_device.put(sent.to_json())
    return sent


def noted(centre: Any, household: Any) -> list[Json]:
    prefix = f"reported:{household.uuid}:"
    return list(centre.worker.database(REGISTRY).documents(start=prefix, end=f"{prefix}\ufff0"))


def test_a_report_is_noted_without_its_text(centre: Any) -> None:
    household = centre.household()
    sent = report(household)
    centre.take(household)
    (found,) = noted(centre, household)
    assert found.pop("_rev")
    assert Reported.from_json(found) == Reported(household=household.uuid, report=sent.report, at=sent.at)
    assert TEXT not in str(found)


def test_what_a_researcher_noted_outlives_that_the_feed_is_read_again(centre: Any) -> None:
    household = centre.household()
    sent = report(household)
    centre.take(household)
    registry = centre.worker.database(REGISTRY)
    done = msgspec.structs.replace(
        Reported.from_json(noted(centre, household)[0]), done_at=sent.at, done_by="rosa", note="moved"
    )
    registry.put(done.to_json())
    registry.put_local(f"worker:{household.uuid}", {})  # the worker begins at the feed's start
    centre.take(household)
    assert noted(centre, household)[0]["note"] == "moved"


def test_a_report_that_breaks_its_model_is_parked_and_not_listed(centre: Any) -> None:
    household = centre.household()
    rules = household.admin.get("_design/rules")
    household.admin.delete("_design/rules", rules["_rev"])
    name = f"report:{uuid.uuid4()}"
    household.admin.put({"_id": name, "type": "report", "at": "yesterday"})
    centre.take(household)
    assert list(centre.parked(household)) == [name]
    assert noted(centre, household) == []


def test_an_erasure_takes_the_list_s_entries_with_what_was_noted(centre: Any) -> None:
    household = centre.household()
    report(household)
    household.consent("granted")
    centre.take(household)
    (before,) = noted(centre, household)
    household.consent("revoked")
    centre.take(household)
    assert noted(centre, household) == []
    assert centre.admin.database(REGISTRY).leaves(before["_id"]) == [], "not even a tombstone is left"

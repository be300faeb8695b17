"""A batch of changes, sorted by what it asks for."""

from anonymizer.batches import sort_changes
from couch.client import Change

DEVICE = "22222222-2222-4222-8222-222222222222"
METER = "44444444-4444-4444-8444-444444444444"
MEASUREMENT = {
    "_id": f"measurement:{METER}:2025-07-01T12:00:00Z",
    "type": "measurement",
    "meter": METER,
    "measured_at": "2025-07-01T12:00:04Z",
    "slot": "2025-07-01T12:00:00Z",
    "device": DEVICE,
    "data": [{"obis": "0100010800ff", "value": 12345, "scaler": -1, "unit": "Wh"}],
    "time": {"source": "synchronized"},
}


def change(doc: dict[str, object], *revs: str, deleted: bool = False) -> Change:
    return Change("1", str(doc["_id"]), revs or ("1-a",), deleted, doc)


def test_a_measurement_is_typed() -> None:
    found = sort_changes([change(MEASUREMENT)])
    assert [measurement.meter for measurement in found.measurements] == [METER]
    assert not any((found.facts_changed, found.consents_changed, found.contested, found.bad))


def test_a_measurement_with_two_revisions_is_contested() -> None:
    assert sort_changes([change(MEASUREMENT, "1-b", "1-a")]).contested == [MEASUREMENT["_id"]]


def test_a_document_that_breaks_its_model_is_named_with_the_reason() -> None:
    found = sort_changes([change({**MEASUREMENT, "measured_at": "soon"})])
    assert found.measurements == []
    [(doc_id, rev, reason)] = found.bad
    assert (doc_id, rev) == (MEASUREMENT["_id"], "1-a")
    assert "measured_at" in reason


def test_a_deleted_measurement_asks_for_nothing() -> None:
    found = sort_changes([change({"_id": MEASUREMENT["_id"]}, deleted=True)])
    assert (found.measurements, found.bad) == ([], [])


def test_a_deleted_meter_changes_the_facts() -> None:
    assert sort_changes([change({"_id": f"meter:{METER}"}, deleted=True)]).facts_changed


def test_consents_are_seen() -> None:
    assert sort_changes([change({"_id": "consent:granted"})]).consents_changed


def test_a_report_is_typed() -> None:
    sent = {"type": "report", "report": METER, "at": "2025-07-01T12:00:00Z", "text": "wrong street"}
    found = sort_changes([change({"_id": f"report:{METER}", **sent})])
    assert [report.report for report in found.reports] == [METER]
    assert not any((found.facts_changed, found.consents_changed, found.contested, found.bad))


def test_answers_and_orders_are_not_the_worker_s() -> None:
    found = sort_changes([change({"_id": f"{kind}:{METER}"}) for kind in ("answer", "order", "erased")])
    assert not any((found.facts_changed, found.consents_changed, found.bad))

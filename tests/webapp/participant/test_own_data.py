"""The copy of one's own data: everything, explained, in constant memory, one at a time."""

import csv
import io
import json
import random
import zipfile
from datetime import UTC, datetime
from typing import Any

from couch.documents import Gap, Order, Report
from couch.errors import Unreachable
from webapp.participant.data_tables import columns, rows
from webapp.participant.own_data import FILES
from webapp.participant.record_words import KINDS, MEASUREMENT, ORDER
from webapp.participant.streamed_zip import zipped

PATH = "/data/copy.zip"
UUID = "6f000000-0000-4000-8000-000000000001"


def archive(answer: Any) -> zipfile.ZipFile:
    assert answer.mimetype == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.data))


def lines(packed: zipfile.ZipFile, name: str) -> list[Any]:
    return [json.loads(line) for line in packed.read(name).splitlines()]


def table(packed: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(packed.read(name).decode())))


def filled(device: Any, sample: Any, now: Any) -> Any:
    slot = now.replace(minute=0)
    device.holds(
        sample.registration(),
        *sample.meters(),
        sample.consent("granted"),
        sample.measurement(slot, sample.energy(1234), sample.power(-5), marks=("counter_fell",)),
        Gap(
            meter=sample.meter, from_slot=slot, to_slot=slot, cause="device_off", device=sample.device
        ).to_json(),
        Report(report=UUID, at=now, text="=HYPERLINK(1)\nzweite Zeile").to_json(),
        Order(order=UUID, device=sample.device, at=now, request="update", arguments={"to": "2"}).to_json(),
    )
    device.replica.locals["heartbeat"] = sample.heartbeat(versions={"survey": "1"})
    return device


def test_everything_that_the_device_holds_is_in_the_copy(device: Any, sample: Any, now: Any) -> None:
    browser = filled(device, sample, now).participant()
    packed = archive(browser.client.get(PATH, buffered=True))
    assert packed.testzip() is None
    found = {
        doc["_id"]
        for name in packed.namelist()
        if name.endswith(".jsonl")
        for doc in lines(packed, name)
        if "_id" in doc
    }
    assert found == set(device.replica.docs)
    assert lines(packed, "heartbeat.jsonl")[0]["versions"] == {"survey": "1"}
    assert lines(packed, "registration.jsonl")[0]["address"]["city"] == "Köln"
    assert "_rev" not in packed.read("meters.jsonl").decode()


def test_measurements_stand_in_the_table_reading_by_reading(device: Any, sample: Any, now: Any) -> None:
    packed = archive(filled(device, sample, now).participant().client.get(PATH, buffered=True))
    energy, power = table(packed, "measurements.csv")
    assert (energy["data[].obis"], energy["data[].value"], energy["quantity"]) == (
        "0100010800ff",
        "1234",
        "1234",
    )
    assert (power["quantity"], power["data[].unit"], power["marks"]) == ("-5", "W", "counter_fell")
    assert energy["slot"] == "2026-06-30T12:00:00Z"


def test_spreadsheets_are_not_handed_formulas(device: Any, sample: Any, now: Any) -> None:
    packed = archive(filled(device, sample, now).participant().client.get(PATH, buffered=True))
    assert table(packed, "reports.csv")[0]["text"] == "'=HYPERLINK(1)\nzweite Zeile"
    assert lines(packed, "reports.jsonl")[0]["text"].startswith("=HYPER")  # as it was written


def test_the_copy_explains_itself_in_the_reader_s_language(device: Any, sample: Any, now: Any) -> None:
    browser = filled(device, sample, now).participant()
    packed = archive(browser.client.get(PATH, buffered=True))
    text = packed.read("README.txt").decode()
    assert sample.household in text
    for kind in KINDS:
        assert f"{FILES[kind.type]}.jsonl" in packed.namelist()
        assert f"{FILES[kind.type]}.jsonl, {FILES[kind.type]}.csv: {kind.title}" in text
        assert all(f"  {path}: {words}" in text for path, words in kind.fields.items())
    german = archive(browser.client.get(PATH, buffered=True, headers={"Accept-Language": "de"}))
    assert "Messwerte" in german.read("LIESMICH.txt").decode()


def test_a_copy_of_nothing_is_whole_too(device: Any) -> None:
    packed = archive(device.participant().client.get(PATH, buffered=True))
    assert packed.read("measurements.jsonl") == b""
    assert packed.read("gaps.csv").decode() == "meter,from_slot,to_slot,cause,device\n"


def test_the_name_of_the_file_says_nothing_of_anybody(device: Any) -> None:
    answer = device.participant().client.get(PATH, buffered=True)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="household-energy-2026-06-30.zip"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_one_copy_at_a_time_and_the_page_says_so(device: Any) -> None:
    browser = device.participant()
    begun = browser.client.get(PATH)
    second = browser.get(PATH)
    assert second.location == "/data/copy"
    assert "being made right now" in browser.get("/data/copy").text
    begun.close()  # whoever fetched it went away
    assert browser.client.get(PATH, buffered=True).status_code == 200
    assert "being made" not in browser.get("/data/copy").text


def test_a_database_that_goes_away_breaks_the_copy_off_and_lets_the_next_one_in(device: Any) -> None:
    browser = device.participant()
    device.replica.fails = Unreachable("it is off")
    assert browser.client.get(PATH, buffered=True).status_code == 503
    device.replica.fails = None
    assert browser.client.get(PATH, buffered=True).status_code == 200


def test_an_archive_leaves_while_it_is_made() -> None:
    made: list[int] = []

    def content() -> Any:
        for number in range(200):
            made.append(number)
            yield random.Random(number).randbytes(3000)

    pieces = zipped([("a.txt", content()), ("b.txt", [b"b"])], datetime(2026, 6, 30, 14, 7, tzinfo=UTC))
    first = next(pieces)
    assert len(made) < 200
    whole = zipfile.ZipFile(io.BytesIO(first + b"".join(pieces)))
    assert whole.read("b.txt") == b"b"
    assert whole.getinfo("b.txt").date_time == (2026, 6, 30, 14, 7, 0)


def test_rows_of_records_with_and_without_entries() -> None:
    assert columns(MEASUREMENT)[-1] == "quantity"
    assert "data" not in columns(MEASUREMENT)
    (row,) = rows(ORDER, {"order": UUID, "arguments": {"a": 1}, "signature": None})
    assert dict(zip(columns(ORDER), row, strict=True))["arguments"] == '{"a":1}'

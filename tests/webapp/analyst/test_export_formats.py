"""The three formats say the same, exactly."""

import csv
import io
import json
from typing import Any

import pytest

from couch.clock import from_rfc3339
from webapp.analyst.export_pieces import pieces
from webapp.analyst.export_request import ExportRequest, parse_request

SLOT = from_rfc3339("2026-01-01T00:15:00Z")


def wish(wanted: str, household: str | None = None) -> ExportRequest:
    return parse_request("2026-01-01", "2026-01-03", household, wanted)


def written(request: ExportRequest, source: Any) -> str:
    return b"".join(piece.data for piece in pieces(request, "measurements", source)).decode()


def test_a_row_holds_what_the_meter_sent(make_source: Any, measurement: Any) -> None:
    source = make_source([measurement(SLOT, 1, marks=("counter_fell", "bit_jump"))])
    first, second = (json.loads(line) for line in written(wish("ndjson"), source).splitlines())
    assert first == {
        "household": "0" * 32,
        "meter": f"{1:032x}",
        "slot": "2026-01-01T00:15:00Z",
        "measured_at": "2026-01-01T00:15:04Z",
        "time_source": "synchronized",
        "obis": "0100010800ff",
        "value": 1000001,
        "scaler": -1,
        "unit": "Wh",
        "marks": ["counter_fell", "bit_jump"],
    }
    assert (second["obis"], second["value"]) == ("0100100700ff", -250)


def test_all_formats_hold_the_same_rows(month: Any) -> None:
    lines = [json.loads(line) for line in written(wish("ndjson"), month).splitlines()]
    assert len(lines) == 2 * 96 * 3 * 2
    assert json.loads(written(wish("json"), month)) == lines
    table = list(csv.DictReader(io.StringIO(written(wish("csv"), month))))
    assert [row["slot"] + row["meter"] + row["obis"] for row in table] == [
        row["slot"] + row["meter"] + row["obis"] for row in lines
    ]
    assert [int(row["value"]) for row in table] == [row["value"] for row in lines]


@pytest.mark.parametrize(("wanted", "empty"), [("ndjson", ""), ("json", "[\n\n]\n")])
def test_nothing_measured_is_an_empty_table_and_no_error(make_source: Any, wanted: str, empty: str) -> None:
    assert written(wish(wanted), make_source([])) == empty


def test_one_household_is_picked_out_even_where_others_stand_between(month: Any) -> None:
    rows = json.loads(written(wish("json", f"{1:032x}"), month))
    assert len(rows) == 2 * 96 * 2
    assert {row["meter"] for row in rows} == {f"{11:032x}"}


def test_a_missing_unit_is_null_in_json_and_empty_in_csv(make_source: Any, measurement: Any) -> None:
    source = make_source([measurement(SLOT, 1, unit=None)])
    assert json.loads(written(wish("json"), source))[0]["unit"] is None
    assert ",-1,,\n" in written(wish("csv"), source)


def test_no_unit_becomes_a_formula_in_a_spreadsheet(make_source: Any, measurement: Any) -> None:
    source = make_source([measurement(SLOT, 1, unit="=HYPERLINK(1)")])
    assert ",'=HYPERLINK(1)," in written(wish("csv"), source)

"""Tables as selections cut them, and as Parquet holds them."""

import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from couch.clock import SLOT, from_rfc3339
from couch.documents import ConsentState, Context, ContextLocation, ContextMeter
from webapp.analyst.encodings import encode
from webapp.analyst.export_pieces import pieces
from webapp.analyst.export_request import BadWish, ExportRequest, parse_request
from webapp.analyst.tables import TABLES, batches, schema_of

START = from_rfc3339("2026-01-01T00:00:00Z")
HOUSEHOLDS = ("0" * 32, "0" * 31 + "1")


def wish(wanted: str = "parquet", **more: Any) -> ExportRequest:
    return parse_request("2026-01-01", "2026-02-03", None, wanted, **more)


def rows(request: ExportRequest, table: Any, source: Any) -> list[dict[str, Any]]:
    return [row for batch in batches(table, request.selection, source) for row in batch.to_pylist()]


def files(request: ExportRequest, table: Any, source: Any) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for piece in pieces(request, table, source):
        found[piece.file] = found.get(piece.file, b"") + piece.data
    return found


@pytest.fixture
def two_months(make_source: Any, measurement: Any) -> Any:
    """Some slots around the end of January; the meters of two households in two regions."""
    first = from_rfc3339("2026-01-31T23:00:00Z")
    source = make_source(
        [
            measurement(first + n * SLOT, meter, marks=("counter_fell",) if n == 1 else ())
            for n in range(8)
            for meter in (1, 11)
        ]
    )
    source.held = [
        Context(
            household=household,
            consent=ConsentState.GRANTED,
            location=ContextLocation(latitude=48.0 + number, longitude=11.0, anonymized=False),
            meters=(ContextMeter(meter=f"{meter:032x}", meter_type="ELECTRICITY", model="MT175"),),
        )
        for number, (household, meter) in enumerate(zip(HOUSEHOLDS, (1, 11), strict=True))
    ]
    source.regions = {(48.0, 11.0): "DE212", (49.0, 11.0): "DE111"}
    return source


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_described(table: Any) -> None:
    for field in schema_of(table):
        assert field.metadata[b"description"], field.name


def test_parquet_holds_types_units_and_descriptions(two_months: Any) -> None:
    found = files(wish(tables=["intervals"]), "intervals", two_months)
    schema = pq.read_schema(io.BytesIO(found["intervals/month=2026-01/part-0.parquet"]))
    energy = schema.field("energy")
    assert (str(energy.type), energy.metadata[b"unit"]) == ("decimal128(18, 8)", b"kWh")
    assert str(schema.field("slot").type) == "timestamp[ms, tz=UTC]"
    assert b"reset" in schema.field("marks").metadata[b"description"]


def test_months_lie_in_files_of_their_own_and_none_is_lost(two_months: Any) -> None:
    for table, expected in (("measurements", (16, 16)), ("intervals", (8, 6))):
        found = files(wish(tables=[table]), table, two_months)
        counts = {name: pq.read_metadata(io.BytesIO(data)).num_rows for name, data in found.items()}
        names = [f"{table}/month={month}/part-0.parquet" for month in ("2026-01", "2026-02")]
        assert counts == dict(zip(names, expected, strict=True))


@pytest.mark.parametrize("wanted", ["ndjson", "json", "csv", "parquet"])
@pytest.mark.parametrize("table", ["measurements", "intervals"])
def test_the_same_rows_give_the_same_bytes_however_they_come(
    two_months: Any, wanted: str, table: Any
) -> None:
    request = wish(wanted, tables=[table])
    two_months.size = 1
    expected = files(request, table, two_months)
    two_months.size = 7
    assert files(request, table, two_months) == expected


def test_a_table_without_rows_still_has_its_columns(two_months: Any) -> None:
    ((name, data),) = files(wish(tables=["gaps"]), "gaps", two_months).items()
    assert name == "gaps/month=2026-01/part-0.parquet"
    assert pq.read_schema(io.BytesIO(data)).names == schema_of("gaps").names


def test_households_are_picked_by_pseudonym_or_region(two_months: Any) -> None:
    by_name = parse_request("2026-01-01", "2026-02-03", HOUSEHOLDS[1], "csv")
    found = [
        {row["household"] for row in rows(request, "measurements", two_months)}
        for request in (by_name, wish(regions="DE212"), wish(regions="DE1"), wish(regions="FR DE"))
    ]
    assert found == [{HOUSEHOLDS[1]}, {HOUSEHOLDS[0]}, {HOUSEHOLDS[1]}, set(HOUSEHOLDS)]


def test_both_names_and_regions_leave_households_in_both(two_months: Any) -> None:
    request = parse_request("2026-01-01", "2026-02-03", list(HOUSEHOLDS), "csv", regions="DE2")
    assert {row["household"] for row in rows(request, "measurements", two_months)} == {HOUSEHOLDS[0]}


def test_marked_rows_are_left_out_where_that_is_wanted(two_months: Any) -> None:
    assert len(rows(wish(quality=["unmarked"]), "measurements", two_months)) == 2 * 2 * 7
    assert len(rows(wish(), "measurements", two_months)) == 2 * 2 * 8


def test_intervals_over_missing_slots_are_left_out_where_that_is_wanted(
    make_source: Any, measurement: Any, two_months: Any
) -> None:
    source = make_source([measurement(START + n * SLOT, 1) for n in (0, 1, 4)])
    source.held = two_months.held
    assert [row["slots"] for row in rows(wish(), "intervals", source)] == [1, 3]
    assert [row["slots"] for row in rows(wish(quality=["without_gaps"]), "intervals", source)] == [1]


def test_texts_with_signs_of_csv_and_json_stay_what_they_are(make_source: Any, measurement: Any) -> None:
    source = make_source([measurement(START, 1, marks=('a"b', "c,d"), unit="é\n")])
    found = json.loads(files(wish("json"), "measurements", source)["measurements.json"])
    assert (found[0]["marks"], found[0]["unit"]) == (['a"b', "c,d"], "é\n")
    text = files(wish("csv"), "measurements", source)["measurements.csv"].decode()
    assert text.splitlines()[1].endswith(',-1,"é')
    assert '"a""b c,d"\n' in text


def test_an_empty_file_is_whole() -> None:
    schema = schema_of("meters")
    assert b"".join(encode("json", schema, [])) == b"[\n\n]\n"
    assert b"".join(encode("csv", schema, [])) == b"household,meter,meter_type,model\n"


def test_all_that_is_wrong_with_a_wish_is_said_at_once() -> None:
    with pytest.raises(BadWish) as caught:
        parse_request("x", "2026-01-01", "Ada", "doc", regions="Bavaria", quality=["good"], tables=["all"])
    assert set(caught.value.faults) == {"from", "household", "format", "region", "quality", "table"}

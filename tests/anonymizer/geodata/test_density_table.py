"""Densities from tables as people get them."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.geodata.density_table import read_densities
from anonymizer.geodata.features import GeodataFault
from anonymizer.geodata.numbers import read_column

Rows = list[Sequence[object]]
EXPECTED = {"DE001": 101, "DE002": 4000, "DE003": 36}


def spreadsheet(folder: Path, rows: Rows) -> Path:
    """With a cover sheet, as Destatis writes it."""
    book = openpyxl.Workbook()
    book.active.title = "Deckblatt"
    book.active.append(["Gemeindeverzeichnis-Informationssystem"])
    sheet = book.create_sheet("Kreisfreie Städte u. Landkreise")
    for row in rows:
        sheet.append(list(row))
    path = folder / "04-kreise.xlsx"
    book.save(path)
    return path


def table(folder: Path, rows: Rows, mark: str, *, encoding: str = "utf-8") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=mark).writerows(["" if cell is None else cell for cell in row] for row in rows)
    path = folder / "kreise.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def test_the_table_of_the_federal_statistical_office_is_read(tmp_path: Path, destatis_rows: Rows) -> None:
    assert read_densities(spreadsheet(tmp_path, destatis_rows)) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_so_is_the_same_table_saved_as_text(
    tmp_path: Path, destatis_rows: Rows, mark: str, encoding: str
) -> None:
    assert read_densities(table(tmp_path, destatis_rows, mark, encoding=encoding)) == EXPECTED


def test_german_numbers_with_grouped_thousands_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "kreise.csv"
    path.write_text(
        "NUTS3;Fläche in km2;Bevölkerung insgesamt;je km2\n"
        "DE001;1.299,14;45.670;35,15\nDE002;310,70;1 510 378;4861\nDE003;50,5;202.000;4.000\n",
        encoding="utf-8",
    )
    assert read_densities(path) == {"DE001": 35.15, "DE002": 4861, "DE003": 4000}


def test_a_small_table_of_codes_and_densities_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "densities.csv"
    path.write_text("code,density_per_km2\nDE001,35.15\nDE002,4861\n")
    assert read_densities(path) == {"DE001": 35.15, "DE002": 4861}


def test_without_a_column_of_densities_they_are_computed(tmp_path: Path, destatis_rows: Rows) -> None:
    found = read_densities(spreadsheet(tmp_path, [row[:8] for row in destatis_rows]))
    assert found == {"DE001": 100.5, "DE002": 4000, "DE003": 35.61}


def test_all_faulty_rows_are_named_at_once(tmp_path: Path, destatis_rows: Rows) -> None:
    rows = [list(row) for row in destatis_rows]
    rows[5][8] = "-"  # no number
    rows[6][8] = 40  # a wrong one: a tenth of a percent of the truth would make the ring far too wide
    rows.append(["02001", "Kreis", "Dritter", "DE003", 1000.0, 36_000, 17_000, 18_610, 36.5])
    with pytest.raises(GeodataFault) as caught:
        read_densities(spreadsheet(tmp_path, rows))
    message = str(caught.value)
    assert "no readable density for: DE001" in message
    assert "two densities for: DE003" in message
    assert "not population by area for: DE002" in message


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no.csv", b"a;b\n1;2\n", "no row with a NUTS-3 code"),
        ("none.csv", b"", "no row with a NUTS-3 code"),
        ("bare.csv", b"DE001;5\n", "neither a column of densities"),
        ("text.xlsx", b"this is no spreadsheet", "no spreadsheet"),
    ],
)
def test_what_is_no_table_of_densities_is_said_in_one_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(GeodataFault, match=said) as caught:
        read_densities(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "numbers"),
    [
        (["1.234", "5,5"], [1234, 5.5]),
        (["1,234", "5.5"], [1234, 5.5]),
        (["1.234", "2.345"], [1234, 2345]),
        (["1.234,5"], [1234.5]),
        (["1,234.5"], [1234.5]),
        (["2\u202f115,75", "2'000"], [2115.75, 2000]),
        ([12, 12.5, float("nan"), float("inf")], [12, 12.5, None, None]),
        (["-", "", None, "x", "1.2.3", "."], [None] * 6),
    ],
)
def test_what_a_mark_means_is_seen_from_the_whole_column(column: list[object], numbers: list[object]) -> None:
    assert read_column(column) == numbers


@given(st.lists(st.one_of(st.text(max_size=12), st.floats(), st.integers(0, 10**9), st.none()), max_size=8))
def test_no_cell_breaks_the_reading_of_numbers(cells: list[object]) -> None:
    assert len(read_column(cells)) == len(cells)


@given(st.lists(st.floats(0, 30_000), min_size=1, max_size=8), st.sampled_from([("", "."), (".", ",")]))
def test_numbers_written_with_two_decimals_are_read_back(values: list[float], marks: tuple[str, str]) -> None:
    group, decimal = marks
    texts = [f"{value:,.2f}".replace(",", "_").replace(".", decimal).replace("_", group) for value in values]
    assert read_column(texts) == [round(value, 2) for value in values]

"""`survey geodata postal-codes`: a table taken as a whole, or refused with every faulty line."""

from pathlib import Path
from typing import Any

import pytest

from anonymizer.geodata.features import GeodataFault
from anonymizer.geodata.postal_codes import PostalCodes, PostalPlace

TABLE = "Postal_Code;place;Latitude;longitude;note\n24103;Kiel;54,3233;10,1228;x\n1067;Dresden;51.06;13.74;\n"
KIEL = PostalPlace("24103", "Kiel", 54.3233, 10.1228)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "postal-codes.sqlite"


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "places.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_codes_are_found_with_their_zeroes(tmp_path: Path, kept: Path, run_geodata: Any) -> None:
    said = run_geodata("postal-codes", written(tmp_path, TABLE), "--licence", "CC0")
    assert "places: 2" in said.output
    codes = PostalCodes(kept)
    assert codes.places("24103") == [KIEL]
    assert [place.place for place in codes.places("01067")] == ["Dresden"]
    assert codes.places("99999") == []
    assert codes.within(9, 54, 11, 55, 10) == [KIEL]


def test_what_german_spreadsheets_write_is_read(tmp_path: Path, kept: Path, run_geodata: Any) -> None:
    text = "postal_code,place,latitude,longitude\n80331,München,48.137,11.575\n"
    run_geodata("postal-codes", written(tmp_path, text, "cp1252"))
    assert PostalCodes(kept).places("80331")[0].place == "München"


def test_every_faulty_line_is_told_and_nothing_replaced(tmp_path: Path, kept: Path, run_geodata: Any) -> None:
    run_geodata("postal-codes", written(tmp_path, TABLE))
    bad = "postal_code,place,latitude,longitude\nx,Kiel,54,10\n24105,,54,10\n24106,Kiel,91,abc\n"
    with pytest.raises(GeodataFault) as caught:
        run_geodata("postal-codes", written(tmp_path, bad))
    for words in ("line 2: postal_code", "line 3: place", "line 4: latitude takes", "longitude takes"):
        assert words in str(caught.value)
    assert PostalCodes(kept).places("24103") == [KIEL]


def test_missing_columns_are_named(tmp_path: Path, run_geodata: Any) -> None:
    with pytest.raises(GeodataFault, match="lacks the columns latitude, longitude"):
        run_geodata("postal-codes", written(tmp_path, "postal_code,place\n24103,Kiel\n"))


def test_a_quotation_mark_that_is_not_closed_is_told(tmp_path: Path, run_geodata: Any) -> None:
    open_ended = f'postal_code,place,latitude,longitude\n24103,"{"x" * 200_000}'
    with pytest.raises(GeodataFault, match=r"places\.csv is no readable CSV file"):
        run_geodata("postal-codes", written(tmp_path, open_ended))


def test_nothing_is_known_before_an_import(kept: Path) -> None:
    assert (PostalCodes(kept).known(), PostalCodes(kept).places("24103")) == (False, [])


def test_a_damaged_file_says_what_to_do(kept: Path) -> None:
    kept.parent.mkdir()
    kept.write_bytes(b"no database")
    with pytest.raises(GeodataFault, match="Import the table again"):
        PostalCodes(kept).places("24103")

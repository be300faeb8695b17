"""Population densities by NUTS-3 code: the Federal Statistical Office's table of districts, or one like it.

Destatis' file (04-kreise.xlsx: Kreisfreie Städte und Landkreise nach Fläche, Bevölkerung und
Bevölkerungsdichte) has a cover sheet, several lines of headings and lines of sums. So columns are found by
their headings and rows by their codes: whatever bears no NUTS-3 code is no district.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from anonymizer.geodata.csv_rows import csv_rows, csv_text
from anonymizer.geodata.features import GeodataFault
from anonymizer.geodata.numbers import read_column

CODE = re.compile(r"(?!NUTS)(?=..\w*\d)[A-Z]{2}[A-Z0-9]{3}")  # the heading "NUTS3" looks like one
_DENSITY = re.compile(r"je\s*km|dichte|density|per[\s_]*km", re.IGNORECASE)
_AREA = re.compile(r"fläche|flaeche|\barea|_km2$", re.IGNORECASE)
_POPULATION = re.compile(r"insgesamt|einwohner|population|bevölkerung|\bewz\b", re.IGNORECASE)
_SAME = 0.02  # a density agrees with people / area up to rounding: 2 %, or one person on a square kilometre
Row = Sequence[object]


def read_densities(file: Path) -> dict[str, float]:
    """People on a square kilometre by NUTS-3 code. Raises GeodataFault, which names every fault; OSError."""
    sheets = _spreadsheet(file) if file.suffix.lower() in (".xlsx", ".xlsm") else [_csv(file)]
    rows = max(sheets, key=_codes_in)
    first = next((at for at, row in enumerate(rows) if _code_of(row)), None)
    if first is None:
        raise GeodataFault(
            f"{file} holds no row with a NUTS-3 code such as DE111. "
            "Give the table of districts as .xlsx or .csv."
        )
    body = [row for row in rows if _code_of(row)]
    above = [row for row in rows[:first] if sum(bool(cell) for cell in row) > 1]  # one cell alone is a title
    headings = [" ".join(str(cell) for cell in column if cell) for column in _columns(above)]
    stated = _named(headings, body, _DENSITY)
    computed = _computed(headings, body)
    if stated is None and computed is None:
        raise GeodataFault(
            f"{file} has neither a column of densities (je km², density) nor columns of area and population. "
            "Give the table with its headings."
        )
    return _checked(file, [_code_of(row) for row in body], stated or computed or [], computed)


def _checked(
    file: Path,
    codes: Sequence[str],
    densities: Sequence[float | None],
    computed: Sequence[float | None] | None,
) -> dict[str, float]:
    found: dict[str, float] = {}
    unreadable, twice, contradicted = [], [], []
    for at, (code, density) in enumerate(zip(codes, densities, strict=True)):
        expected = computed[at] if computed else None
        if density is None:
            unreadable.append(code)
        elif found.get(code, density) != density:
            twice.append(code)
        elif expected is not None and abs(density - expected) > max(_SAME * expected, 1):
            contradicted.append(code)
        else:
            found[code] = density
    faults = [
        f"{words}: {', '.join(named)}"
        for words, named in (
            ("no readable density for", unreadable),
            ("two densities for", twice),
            ("the density is not population by area for", contradicted),
        )
        if named
    ]
    if faults:
        raise GeodataFault(f"{file}: {'; '.join(faults)}. Correct these rows.")
    return found


def _computed(headings: Sequence[str], body: Sequence[Row]) -> list[float | None] | None:
    """Population by area, where the table has both."""
    area, population = _named(headings, body, _AREA), _named(headings, body, _POPULATION)
    if area is None or population is None:
        return None
    return [
        people / km2 if people is not None and km2 else None
        for people, km2 in zip(population, area, strict=True)
    ]


def _named(
    headings: Sequence[str], body: Sequence[Row], wanted: re.Pattern[str]
) -> list[float | None] | None:
    """The numbers of the first column whose heading fits, and fits no density unless that is asked for."""
    for at, heading in enumerate(headings):
        if wanted.search(heading) and (wanted is _DENSITY or not _DENSITY.search(heading)):
            return read_column([row[at] if at < len(row) else None for row in body])
    return None


def _columns(rows: Sequence[Row]) -> list[list[object]]:
    width = max((len(row) for row in rows), default=0)
    return [[row[at] if at < len(row) else None for row in rows] for at in range(width)]


def _code_of(row: Row) -> str:
    """The row's NUTS-3 code; empty: it has none."""
    texts = (str(cell).strip() for cell in row if isinstance(cell, str))
    return next((text for text in texts if CODE.fullmatch(text)), "")


def _codes_in(rows: Sequence[Row]) -> int:
    return sum(1 for row in rows if _code_of(row))


def _csv(file: Path) -> Sequence[Row]:
    text = csv_text(file)
    return csv_rows(file, text, text)


def _spreadsheet(file: Path) -> list[list[Row]]:
    import zipfile  # noqa: PLC0415 - only this kind of file needs it

    import openpyxl  # noqa: PLC0415

    with file.open("rb") as stream:
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            return [[tuple(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]
        except (zipfile.BadZipFile, KeyError, ValueError) as err:
            raise GeodataFault(f"{file} is no spreadsheet ({err}). Save it as .xlsx or .csv again.") from err

"""Places by postal code: brought by the user as a table, kept in one SQLite file, asked offline.

The table is CSV (UTF-8, or what German spreadsheets write; comma, semicolon or tab) with the headings
`postal_code, place, latitude, longitude` in any order and case; further columns are passed over. One code may
have several places and one place several codes. Angles are degrees, WGS 84, with a point or a comma; a code
has five digits, zeroes at its front may be missing. The file is replaced as a whole or not at all.
"""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from anonymizer.geodata.csv_rows import csv_rows, csv_text
from anonymizer.geodata.features import GeodataFault
from anonymizer.geodata.whole_file import replaced_whole

FILE_NAME = "postal-codes.sqlite"
COLUMNS = ("postal_code", "place", "latitude", "longitude")
_FORMAT = "1"
_FAULTS_SHOWN = 20
_LARGEST_BYTES = 64 * 1024 * 1024
_CODE = re.compile(r"[0-9]{5}")
_TABLES = """
PRAGMA application_id = 0x53505043;
CREATE TABLE places (postal_code TEXT NOT NULL, place TEXT NOT NULL, latitude REAL NOT NULL,
  longitude REAL NOT NULL, PRIMARY KEY (postal_code, place)) WITHOUT ROWID;
CREATE INDEX places_by_position ON places (latitude, longitude);
CREATE TABLE survey_postal_codes (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
"""
_ADVICE = "Import the table again with survey geodata postal-codes."


@dataclass(frozen=True, slots=True)
class PostalPlace:
    """A place with its postal code; degrees, WGS 84."""

    postal_code: str
    place: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class PostalProvenance:
    """Where the table came from. `sha256` of its file."""

    source: str
    as_of: str
    licence: str
    imported_on: date
    sha256: str


def read_postal_codes(file: Path) -> list[PostalPlace]:
    """Raises GeodataFault, which names every faulty line (the first ones, where there are many); OSError."""
    if file.stat().st_size > _LARGEST_BYTES:
        raise GeodataFault(f"{file} is too large for a table of postal codes. Give the table alone.")
    text = csv_text(file)
    rows = csv_rows(file, text, text.partition("\n")[0])
    headings = [cell.strip().lower() for cell in rows[0]] if rows else []
    absent = [name for name in COLUMNS if name not in headings]
    if absent:
        raise GeodataFault(
            f"{file} lacks the columns {', '.join(absent)}. Its first line must name "
            f"{', '.join(COLUMNS)}, for example: postal_code,place,latitude,longitude"
        )
    at = [headings.index(name) for name in COLUMNS]
    places: dict[tuple[str, str], PostalPlace] = {}
    faults: list[str] = []
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = [row[place].strip() if place < len(row) else "" for place in at]
        found = _place(cells, line, faults)
        if found is not None:
            places[found.postal_code, found.place] = found
    if faults:
        more = f"; and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
        raise GeodataFault(f"{file}: {'; '.join(faults[:_FAULTS_SHOWN])}{more}. Nothing was imported.")
    if not places:
        raise GeodataFault(f"{file} names no place. Nothing was imported.")
    return sorted(places.values(), key=lambda place: (place.postal_code, place.place))


def store_postal_codes(file: Path, provenance: PostalProvenance, places: Sequence[PostalPlace]) -> None:
    """Write `file` durably, whole or not at all. Raises GeodataFault where it cannot be written."""
    notes = [(field.name, str(getattr(provenance, field.name))) for field in fields(PostalProvenance)]
    with replaced_whole(file) as database:
        database.executescript(_TABLES)
        database.executemany(
            "INSERT INTO places VALUES (?,?,?,?)",
            [(each.postal_code, each.place, each.latitude, each.longitude) for each in places],
        )
        database.executemany("INSERT INTO survey_postal_codes VALUES (?,?)", [*notes, ("format", _FORMAT)])
        database.commit()


class PostalCodes:
    """What the file says, asked anew each time: an import is in effect at once. Threads may share it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def known(self) -> bool:
        """Whether a table was imported."""
        return self._file.is_file()

    def places(self, postal_code: str) -> list[PostalPlace]:
        """The places with this code; none where it is unknown or no table was imported.

        Raises GeodataFault where the file is damaged.
        """
        return self._ask("WHERE postal_code = ? ORDER BY place LIMIT 50", (postal_code,))

    def within(self, west: float, south: float, east: float, north: float, most: int) -> list[PostalPlace]:
        """At most `most` places in a box of degrees. Raises GeodataFault."""
        return self._ask(
            "WHERE latitude BETWEEN ? AND ? AND longitude BETWEEN ? AND ? ORDER BY postal_code LIMIT ?",
            (south, north, west, east, most),
        )

    def _ask(self, where: str, values: tuple[str | float, ...]) -> list[PostalPlace]:
        if not self.known():
            return []
        try:
            with closing(sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True)) as database:
                rows = database.execute(
                    f"SELECT postal_code, place, latitude, longitude FROM places {where}",  # noqa: S608 - our own words
                    values,
                ).fetchall()
        except sqlite3.Error as err:
            raise GeodataFault(f"{self._file} holds no readable postal codes ({err}). {_ADVICE}") from err
        return [PostalPlace(*row) for row in rows]


def _place(cells: Sequence[str], line: int, faults: list[str]) -> PostalPlace | None:
    code, place, *angles = cells
    code = code.zfill(5)
    found = []
    if not _CODE.fullmatch(code):
        found.append("postal_code takes five digits")
    if not 1 <= len(place) <= 200 or not place.isprintable():
        found.append("place takes 1 to 200 characters")
    numbers = [_angle(text, limit) for text, limit in zip(angles, (90, 180), strict=True)]
    found += [
        f"{name} takes degrees from -{limit} to {limit}"
        for name, limit, number in zip(COLUMNS[2:], (90, 180), numbers, strict=True)
        if number is None
    ]
    if found:
        faults.append(f"line {line}: {', '.join(found)}")
        return None
    latitude, longitude = numbers
    return PostalPlace(code, place, latitude or 0.0, longitude or 0.0)


def _angle(text: str, limit: float) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if -limit <= number <= limit else None

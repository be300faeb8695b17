"""A table from a file that somebody sends: CSV or Excel, as texts, within limits. Bytes in, a table out.

Excel files are ZIP archives of XML. They are read row by row (openpyxl's read-only mode) after the archive's
own list was looked at: what unpacks to more than the limit is refused unread. Formulas are refused, since
what they show is not what they say. Rows and cells that a file leaves out are read as empty ones, so those
are counted too: a few bytes can name a row or a column far away.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from webapp.registration.trouble import Trouble
from webapp.translation import marked

LARGEST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 1_000
MOST_COLUMNS = 300
_MOST_CHARACTERS = 2_000  # of a cell
_UNPACKED_BYTES = 16 * 1024 * 1024
_PARTS = 200  # files in the archive
_MOST_CELLS = 1_500_000  # more than one for each of the 1,048,576 rows that a sheet of Excel has
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_DELIMITERS = ";,\t"


class TableFault(Exception):  # noqa: N818 - named for what happened
    """The file as a whole cannot be taken; `trouble` says why."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text)
        self.trouble = Trouble(text, values)


@dataclass(frozen=True, slots=True)
class TableRow:
    """`number` as the file counts; `faults` by the place of the cell."""

    number: int
    cells: tuple[str, ...]
    faults: dict[int, Trouble] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """The first line's headings, and the rows below it that are not empty."""

    headings: tuple[str, ...]
    rows: tuple[TableRow, ...]


def read_table(content: bytes) -> Table:
    """Raises TableFault."""
    if not content.strip():
        raise TableFault(marked("The file is empty."))
    if len(content) > LARGEST_BYTES:
        raise TableFault(marked("The file is larger than 2 MB. Divide it into several."))
    if content.startswith(_OLD_EXCEL):
        raise TableFault(marked("This is a file of an old Excel. Save it as .xlsx or .csv."))
    lines = _excel(content) if content.startswith(_ZIP) else _csv(content)
    return _table(lines)


def _table(lines: Iterable[TableRow]) -> Table:
    headings: tuple[str, ...] | None = None
    rows: list[TableRow] = []
    for line in lines:
        if not any(line.cells) and not line.faults:
            continue
        if headings is None:
            headings = tuple(cell.strip() for cell in line.cells)
            while headings and not headings[-1]:
                headings = headings[:-1]
            continue
        if len(rows) >= MOST_ROWS:
            raise TableFault(marked("The file has more than %(most)s rows. Divide it."), most=MOST_ROWS)
        rows.append(line)
    if headings is None or not rows:
        raise TableFault(marked("The file has no row below its headings."))
    return Table(headings, tuple(rows))


def _csv(content: bytes) -> Iterator[TableRow]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")  # what German spreadsheet programs still write
    if "\0" in text:
        raise TableFault(marked("This is neither a CSV file nor an Excel file (.xlsx)."))
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as err:
            text = marked("Line %(line)s of the file cannot be read: a quotation mark is not closed.")
            raise TableFault(text, line=number) from err
        yield _row(number, cells)


def _excel(content: bytes) -> Iterator[TableRow]:
    import openpyxl  # noqa: PLC0415 - only this kind of file needs it

    _check_archive(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        read = 0
        for number, cells in enumerate(sheet.iter_rows(), 1):
            read += max(1, len(cells))
            if read > _MOST_CELLS:
                raise TableFault(_TOO_MUCH)
            formulas = {at: _FORMULA for at, cell in enumerate(cells) if cell.data_type == "f"}
            yield _row(number, [_text(cell.value) for cell in cells], formulas)
    except TableFault:
        raise
    except Exception as err:
        # openpyxl raises whatever its parsers do: KeyError, ValueError, TypeError, ParseError, BadZipFile
        raise TableFault(_UNREADABLE) from err


_UNREADABLE = marked("This Excel file cannot be read. Save it again as .xlsx or as .csv.")
_TOO_MUCH = marked("This Excel file unpacks to more than any table here needs. Save it as .csv.")
_FORMULA = Trouble(marked("It holds a formula. Replace it by its value."))


def _check_archive(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as err:
        # zipfile raises the latter two for names that are no UTF-8 and for archives of a later version
        raise TableFault(_UNREADABLE) from err
    if len(parts) > _PARTS or sum(part.file_size for part in parts) > _UNPACKED_BYTES:
        raise TableFault(_TOO_MUCH)


def _row(number: int, cells: Sequence[str], faults: dict[int, Trouble] | None = None) -> TableRow:
    if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
        raise TableFault(marked("The file has more than %(most)s columns."), most=MOST_COLUMNS)
    found = dict(faults or {})
    for at, cell in enumerate(cells[:MOST_COLUMNS]):
        if len(cell) > _MOST_CHARACTERS:
            found[at] = Trouble(marked("It holds more text than any answer here needs."))
    return TableRow(number, tuple(cell[:_MOST_CHARACTERS].strip() for cell in cells[:MOST_COLUMNS]), found)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)

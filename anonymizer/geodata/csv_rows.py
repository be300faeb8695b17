"""CSV as spreadsheet programs here write it: UTF-8 or Windows-1252, with a semicolon, a comma or a tab."""

import csv
import io
from pathlib import Path

from anonymizer.geodata.features import GeodataFault


def csv_text(file: Path) -> str:
    """Raises OSError."""
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")  # what German spreadsheet programs still write


def csv_rows(file: Path, text: str, sample: str) -> list[list[str]]:
    """The rows of the `text` of `file`; `sample`: the part of it that shows what stands between cells.

    Raises GeodataFault.
    """
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=sample.count)))
    except csv.Error as err:
        raise GeodataFault(
            f"{file} is no readable CSV file ({err}). Look for a quotation mark that is not closed."
        ) from err

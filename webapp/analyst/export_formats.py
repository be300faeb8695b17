"""Rows as bytes, in each format. The same rows give the same bytes, however they are cut into pieces."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from webapp.analyst.export_request import Format
from webapp.analyst.export_rows import ExportRow

_JSON = msgspec.json.Encoder()
COLUMNS = tuple(field.name for field in msgspec.structs.fields(ExportRow))
# The signs with which spreadsheets begin formulas; a unit or mark must not become one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MARKS_SEPARATOR = " "


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a format begins, continues and ends; `first`: no row was written before."""

    media_type: str
    begin: bytes
    encode: Callable[[Sequence[ExportRow], bool], bytes]
    end: bytes


def _ndjson(rows: Sequence[ExportRow], _first: bool) -> bytes:
    return _JSON.encode_lines(rows)


def _json(rows: Sequence[ExportRow], first: bool) -> bytes:
    if not rows:
        return b""
    # A line break inside a text is escaped, so those that are left stand between rows.
    lines = _JSON.encode_lines(rows)[:-1].replace(b"\n", b",\n")
    return lines if first else b",\n" + lines


def _csv(rows: Sequence[ExportRow], _first: bool) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        (
            row.household,
            row.meter,
            _time(row.slot),
            _time(row.measured_at),
            row.time_source,
            row.obis,
            row.value,
            row.scaler,
            _harmless(row.unit or ""),
            _harmless(MARKS_SEPARATOR.join(row.marks)) if row.marks else "",
        )
        for row in rows
    )
    return text.getvalue().encode()


def _time(moment: datetime) -> str:
    """As `couch.clock.to_rfc3339` writes a UTC time with whole seconds, ten times as fast."""
    return moment.isoformat()[:19] + "Z"


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


ENCODINGS: dict[Format, Encoding] = {
    "ndjson": Encoding("application/x-ndjson", b"", _ndjson, b""),
    "json": Encoding("application/json", b"[\n", _json, b"\n]\n"),
    "csv": Encoding("text/csv", (",".join(COLUMNS) + "\n").encode(), _csv, b""),
}

"""Records as rows of a table, for the CSV files of a copy: a column for each field, nested ones by path.

A record with a list of entries (the readings of a measurement) becomes a row for each entry.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from couch.documents import Json
from webapp.participant.record_words import Kind

QUANTITY = "quantity"  # value * 10^scaler, worked out for whoever opens the table in a spreadsheet
_ENTRY = "[]."
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which spreadsheets begin formulas


def columns(kind: Kind) -> tuple[str, ...]:
    """The fields that hold no others, in the order in which they are explained; the quantity at the end."""
    names = [name for name in kind.fields if not _holds_others(name, kind)]
    if _list_of(kind):
        names.append(QUANTITY)
    return tuple(names)


def rows(kind: Kind, doc: Json) -> Iterator[Sequence[str]]:
    """The cells of a record, row by row."""
    names, entries = columns(kind), _list_of(kind)
    if not entries:
        yield [_cell(_at(doc, name)) for name in names]
        return
    for entry in doc.get(entries) or ():
        yield [
            _quantity(entry)
            if name == QUANTITY
            else _cell(entry.get(name.removeprefix(entries + _ENTRY)) if _ENTRY in name else _at(doc, name))
            for name in names
        ]


def csv_line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _holds_others(name: str, kind: Kind) -> bool:
    return any(other.startswith((f"{name}.", name + _ENTRY)) for other in kind.fields)


def _list_of(kind: Kind) -> str:
    """The field whose entries are rows; empty where there is none."""
    return next((name.partition(_ENTRY)[0] for name in kind.fields if _ENTRY in name), "")


def _at(doc: Json, path: str) -> Any:
    value: Any = doc
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case list():
            return " ".join(map(_cell, value))
        case dict():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)


def _quantity(entry: Json) -> str:
    value, scaler = entry.get("value"), entry.get("scaler")
    if not isinstance(value, int) or not isinstance(scaler, int):
        return ""
    return f"{Decimal(value).scaleb(scaler):f}"

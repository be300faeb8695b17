"""`datapackage.json`: what is in an export, for people and programs (Frictionless Data Package 1.0).

It says nothing of when it was written, so that the same data give the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa

from webapp.analyst.column_texts import LIST_SEPARATOR
from webapp.analyst.encodings import MEDIA_TYPES
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_request import ExportRequest, Format
from webapp.analyst.selection import TableName
from webapp.analyst.tables import COLUMNS_VERSION, TABLES

FILE = "datapackage.json"
_NAME = "household-energy-survey"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_ENUMS = {"time_source": ["synchronized", "unsynchronized", "dated_later"]}
_KEYS: dict[TableName, tuple[str, ...]] = {
    "intervals": ("meter", "quantity", "slot"),
    "context": ("household",),
    "pv_systems": ("pv_system",),
    "meters": ("meter",),
    "gaps": ("meter", "from_slot"),
}


@dataclass(frozen=True, slots=True)
class DataFile:
    """A finished file of an export; `path` from its folder, with slashes. `households`: sorted."""

    table: TableName
    path: str
    rows: int
    size: int
    sha256: str
    households: tuple[str, ...]


def describe(
    request: ExportRequest,
    files: Sequence[DataFile],
    withdrawals: Sequence[Withdrawn],
    more: Mapping[str, Any] | None = None,
) -> bytes:
    """The package of finished files. `more`: members that are added to it."""
    package = {
        "name": _NAME,
        "profile": "tabular-data-package",
        "title": "Household energy survey",
        "description": (
            "Pseudonymous measurements of electricity and generation meters. `households` are those that "
            "the files hold something of. `withdrawals` are all households that withdrew up to now: compare "
            "them with the `households` of packages that you got earlier. `erased` says that everything of "
            "the household is to be removed from them, `revoked` that its place and installations were "
            "blurred since and older, exact ones are to be deleted."
        ),
        "version": f"{COLUMNS_VERSION}.0.0",  # of the columns
        "sources": [
            {
                "title": "Household energy survey: meters of participating households, read through their "
                "optical interface (IEC 62056-21), SML and text telegrams"
            }
        ],
        "period": {"from": request.first, "to": request.end},
        "selection": request.about(),
        "households": sorted({name for file in files for name in file.households}),
        "withdrawals": list(withdrawals),
        **(more or {}),
        "resources": [
            resource(table, request.format, [file for file in files if file.table == table])
            for table in TABLES
            if table in request.selection.tables
        ],
    }
    return msgspec.json.format(msgspec.json.encode(package), indent=2) + b"\n"


def resource(table: TableName, wanted: Format, files: Sequence[DataFile]) -> dict[str, Any]:
    """A table's files; `path` is a list where there are several, each with its own checksum in `parts`."""
    found = TABLES[table]
    described: dict[str, Any] = {
        "name": table,
        "path": files[0].path if len(files) == 1 else [file.path for file in files],
        "profile": "tabular-data-resource" if wanted != "parquet" else "data-resource",
        "title": found.title,
        "description": found.description,
        "format": wanted,
        "mediatype": MEDIA_TYPES[wanted],
        "encoding": "utf-8",
        "rows": sum(file.rows for file in files),
        "bytes": sum(file.size for file in files),
    }
    if wanted == "parquet":
        del described["encoding"]
    if len(files) == 1:
        described["hash"] = f"sha256:{files[0].sha256}"
    else:
        described["parts"] = [
            {"path": each.path, "rows": each.rows, "bytes": each.size, "hash": f"sha256:{each.sha256}"}
            for each in files
        ]
    if wanted == "csv":
        described["dialect"] = {"delimiter": ",", "lineTerminator": "\n", "header": True, "quoteChar": '"'}
    described["schema"] = schema(table, wanted)
    return described


def schema(table: TableName, wanted: Format) -> dict[str, Any]:
    """The Table Schema of a table in a format."""
    described: dict[str, Any] = {"fields": [_field(field, wanted) for field in TABLES[table].schema]}
    if table in _KEYS:
        described["primaryKey"] = list(_KEYS[table])
    if wanted == "csv":
        described["missingValues"] = [""]
    return described


def _field(field: pa.Field, wanted: Format) -> dict[str, Any]:
    told = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    kind, more = _kind(field, wanted)
    described = {"name": field.name, "type": kind, **told, **more}
    if kind == "string" and pa.types.is_list(field.type):
        described["description"] += f", separated by {LIST_SEPARATOR!r}"
    constraints: dict[str, Any] = {}
    if not field.nullable and not pa.types.is_list(field.type):
        constraints["required"] = True
    if field.name in _ENUMS:
        constraints["enum"] = _ENUMS[field.name]
    return {**described, "constraints": constraints} if constraints else described


def _kind(field: pa.Field, wanted: Format) -> tuple[str, dict[str, Any]]:
    kind = field.type
    if pa.types.is_timestamp(kind):
        return "datetime", {"format": _TIME}
    if pa.types.is_date(kind):
        return "date", {}
    if pa.types.is_list(kind):
        return ("string" if wanted == "csv" else "array"), {}
    plain = {
        "boolean": pa.types.is_boolean,
        "integer": pa.types.is_integer,
        "number": lambda each: pa.types.is_decimal(each) or pa.types.is_floating(each),
    }
    return next((name for name, fits in plain.items() if fits(kind)), "string"), {}

"""The columns of a table as Frictionless Table Schema (version 1) describes them. Pure."""

from typing import Any

import pyarrow as pa

from webapp.analyst.column_texts import LIST_SEPARATOR

_TIME = "%Y-%m-%dT%H:%M:%SZ"


def table_schema(schema: pa.Schema, *, csv: bool) -> dict[str, Any]:
    """The schema of a table; `csv`: as its values stand in a CSV file."""
    return {"fields": [_field(each, csv) for each in schema], "missingValues": [""]}


def _field(column: pa.Field, csv: bool) -> dict[str, Any]:
    metadata = {key.decode(): value.decode() for key, value in (column.metadata or {}).items()}
    description = metadata.get("description", "")
    kind = _kind(column.type)
    if kind == "array" and csv:
        kind, description = "string", f"{description}, separated by {LIST_SEPARATOR!r}"
    found: dict[str, Any] = {"name": column.name, "type": kind, "description": description}
    if kind == "datetime":
        found["format"] = _TIME
    if unit := metadata.get("unit"):
        found["unit"] = unit
    if not column.nullable and not pa.types.is_list(column.type):
        found["constraints"] = {"required": True}
    return found


def _kind(kind: Any) -> str:
    checks = (
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "number"),
        (pa.types.is_decimal, "number"),
        (pa.types.is_timestamp, "datetime"),
        (pa.types.is_date, "date"),
        (pa.types.is_list, "array"),
    )
    return next((name for is_kind, name in checks if is_kind(kind)), "string")

"""`datapackage.json`: what is in an export, for people and programs (Frictionless Data Package 1.0).

It says nothing of when it was written, so that the same data give the same bytes.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from webapp.analyst.export_formats import ENCODINGS, MARKS_SEPARATOR
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_request import ExportRequest
from webapp.analyst.export_rows import COLUMNS_VERSION

FILE = "datapackage.json"
_NAME = "household-energy-survey-measurements"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def data_file(request: ExportRequest) -> str:
    """The name of the data file."""
    return f"measurements.{request.format}"


def about(request: ExportRequest) -> dict[str, str | None]:
    """What was asked for, as it stands in the package."""
    return {"from": str(request.first), "to": str(request.end), "household": request.household}


def describe(
    request: ExportRequest,
    *,
    rows: int,
    size: int,
    sha256: str,
    households: Sequence[str],
    withdrawals: Sequence[Withdrawn],
) -> bytes:
    """The package of a finished data file of `size` bytes with `rows` rows of `households`, all sorted."""
    csv = request.format == "csv"
    resource: dict[str, Any] = {
        "name": "measurements",
        "path": data_file(request),
        "profile": "tabular-data-resource",
        "title": "Readings of electricity and generation meters",
        "description": (
            "One row for each reading of each measurement, ordered by slot and meter. A measurement is made "
            "every 15 minutes. The quantity is value * 10^scaler in the unit, exactly as the meter sent it."
        ),
        "format": request.format,
        "mediatype": ENCODINGS[request.format].media_type,
        "encoding": "utf-8",
        "bytes": size,
        "hash": f"sha256:{sha256}",
        "rows": rows,
        "schema": {"fields": _fields(csv), "missingValues": [""], "primaryKey": ["slot", "meter", "obis"]},
    }
    if csv:
        resource["dialect"] = {
            "delimiter": ",",
            "lineTerminator": "\n",
            "quoteChar": '"',
            "doubleQuote": True,
            "header": True,
        }
    package = {
        "profile": "tabular-data-package",
        "name": _NAME,
        "title": "Household energy survey: measurements",
        "description": (
            f"Measurements of the slots from {request.first} up to, but without, {request.end} (UTC), of "
            + ("all households that take or took part." if request.household is None else "one household.")
            + " Households and meters are named by pseudonyms. `households` lists whose measurements these "
            "are. `withdrawals` lists who withdrew consent up to now, to correct data sets that went out "
            "before: `erased` means that everything of the household is to be removed from them, `revoked` "
            "that its place and installations were blurred since and older, exact ones are to be deleted."
        ),
        "version": f"{COLUMNS_VERSION}.0.0",  # of the columns
        "sources": [
            {
                "title": "Household energy survey: meters of participating households, read through their "
                "optical interface (IEC 62056-21), SML and text telegrams"
            }
        ],
        "period": about(request),
        "households": list(households),
        "withdrawals": list(withdrawals),
        "resources": [resource],
    }
    return msgspec.json.format(msgspec.json.encode(package), indent=2) + b"\n"


def _fields(csv: bool) -> list[dict[str, Any]]:
    return [
        _field("household", "string", "Pseudonym of the household"),
        _field("meter", "string", "Pseudonym of the meter"),
        _field("slot", "datetime", "Start of the 15-minute slot, UTC", format=_TIME),
        _field("measured_at", "datetime", "When the meter was read, UTC", format=_TIME),
        _field(
            "time_source",
            "string",
            "How the time is known: the device's clock was synchronized, was not, or the measurement was "
            "dated later from the seconds since the device started",
            constraints={"enum": ["synchronized", "unsynchronized", "dated_later"]},
        ),
        _field("obis", "string", "OBIS code of the quantity, six bytes in hex: 0100010800ff is 1.8.0"),
        _field("value", "integer", "The number that the meter sent"),
        _field("scaler", "integer", "Power of ten by which the value is multiplied"),
        _field("unit", "string", "Unit of the quantity: Wh, W, V, ...; missing where the meter sent none"),
        _field(
            "marks",
            "string" if csv else "array",
            "Doubts about the measurement" + (f", separated by {MARKS_SEPARATOR!r}" if csv else ""),
        ),
    ]


def _field(name: str, kind: str, description: str, **more: Any) -> dict[str, Any]:
    required = {} if name in ("unit", "marks") else {"required": True}
    constraints = {**required, **more.pop("constraints", {})}
    field = {"name": name, "type": kind, "description": description, **more}
    return {**field, "constraints": constraints} if constraints else field

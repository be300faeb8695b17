"""`datapackage.json` of a version: what is in it, for people and programs. Pure.

The form is that of Frictionless Data Package 1.0 (specs.frictionlessdata.io).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from couch.clock import to_rfc3339
from webapp.analyst.anonymity.statement import Anonymity
from webapp.analyst.encodings import MEDIA_TYPES
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_package import schema
from webapp.analyst.releases.data_files import DataFile
from webapp.analyst.releases.settings import DataSetSettings
from webapp.analyst.selection import Selection
from webapp.analyst.table_schemas import COLUMNS_VERSION, TABLES

FILE = "datapackage.json"
METHOD = (
    "A device in each household reads its electricity and generation meters through their optical "
    "interface (IEC 62056-21; SML and text telegrams) every 15 minutes while the household's consent holds. "
    "Readings are stored as they were sent, replicated to the centre and copied for research under "
    "pseudonyms (HMAC-SHA-256). Nothing is estimated or filled in; missing slots stand with their causes."
)
SOURCE = "Meters of the households that take part in the survey"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a version holds. `before`: the withdrawals that the version before listed."""

    name: str
    version: int
    at: datetime
    selection: Selection
    files: tuple[DataFile, ...]
    households: tuple[str, ...]
    anonymity: Anonymity
    withdrawals: tuple[Withdrawn, ...]
    before: tuple[Withdrawn, ...]
    created_from: Mapping[str, str]

    @property
    def first(self) -> str:
        return to_rfc3339(self.selection.start_at)

    @property
    def end(self) -> str:
        return to_rfc3339(self.selection.end_at)


def described_selection(selection: Selection) -> dict[str, str | list[str]]:
    """What was asked for, as it stands in the package and in the record."""
    return {
        "from": to_rfc3339(selection.start_at),
        "to": to_rfc3339(selection.end_at),
        "tables": list(selection.tables),
        "households": list(selection.households),
        "regions": list(selection.regions),
        "quality": list(selection.quality),
    }


def describe(contents: Contents, settings: DataSetSettings) -> bytes:
    """The descriptor's bytes."""
    package: dict[str, Any] = {
        "profile": "data-package",
        "name": contents.name,
        "title": settings.title,
        "description": _description(contents),
        "version": str(contents.version),
        "created": to_rfc3339(contents.at),
        "contributors": [{"title": author, "role": "author"} for author in settings.authors],
        "sources": [{"title": SOURCE}],
        "method": METHOD,
        "columns_version": COLUMNS_VERSION,
        "selection": described_selection(contents.selection),
        "created_from": dict(contents.created_from),
        "anonymity": contents.anonymity.described(),
        "households": list(contents.households),
        "withdrawals": list(contents.withdrawals),
        "withdrawals_since_last_version": withdrawn_since(contents.withdrawals, contents.before),
        "resources": [_resource(file) for file in contents.files],
    }
    if settings.licence is not None:
        package["licenses"] = [{"name": settings.licence}]
    if settings.contact is not None:
        package["contact"] = settings.contact
    return msgspec.json.format(msgspec.json.encode(package), indent=2) + b"\n"


def withdrawn_since(now: Sequence[Withdrawn], before: Sequence[Withdrawn]) -> list[Withdrawn]:
    """Those that withdrew, or withdrew more, since `before` was listed."""
    known = set(before)
    return [each for each in now if each not in known]


def _description(contents: Contents) -> str:
    return (
        f"Data of the slots from {contents.first} up to, but without, {contents.end}. Households, meters "
        "and systems are named by pseudonyms, the same in every version. `households` lists whose data these "
        "are; `withdrawals` who withdrew consent up to now, to correct data that went out before: `erased` "
        "means that everything of the household is to be removed, `revoked` that its place and installations "
        "were blurred since and what was told of them before is to be deleted. This version never changes; "
        "where a household withdraws, its address answers 410 and names the version that takes its place."
    )


def _resource(file: DataFile) -> dict[str, Any]:
    table = TABLES[file.table]
    csv = file.format == "csv"
    found: dict[str, Any] = {
        "name": _name(file),
        "path": file.path,
        "profile": "tabular-data-resource" if csv else "data-resource",
        "title": table.title,
        "description": table.description,
        "format": file.format,
        "mediatype": MEDIA_TYPES["csv" if csv else "parquet"],
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
        "rows": file.rows,
        "schema": schema(file.table, "csv" if csv else "parquet"),
    }
    if csv:
        found["encoding"] = "utf-8"
        found["dialect"] = {
            "delimiter": ",",
            "lineTerminator": "\n",
            "quoteChar": '"',
            "doubleQuote": True,
            "header": True,
        }
    return found


def _name(file: DataFile) -> str:
    """Unique in the package, of the signs that names may have."""
    month = next((part.removeprefix("month=") for part in file.path.split("/") if "=" in part), "")
    parts = (file.table.replace("_", "-"), month, "" if file.format == "csv" else file.format)
    return "-".join(part for part in parts if part)

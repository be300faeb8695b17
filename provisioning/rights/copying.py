"""A copy of everything held about a household (art. 15 and 20 GDPR), for people and for programs.

Readings are streamed into files of their own; the rest, some hundred records, stands in
`records.json` and on the page. Constant memory for the readings, however many years.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from couch.clock import to_rfc3339
from couch.documents import Json
from couch.errors import Fault
from provisioning.rights.copy_files import CopyFolder, copy_folder
from provisioning.rights.copy_page import page
from provisioning.rights.device_records import device_records
from provisioning.rights.household_content import HouseholdContent

CSV_COLUMNS = ("meter", "slot", "measured_at", "device", "obis", "value", "scaler", "unit", "marks")
GAP_COLUMNS = ("meter", "from_slot", "to_slot", "cause", "device")


@dataclass(slots=True)
class MeterCount:
    """What the copy holds of one meter."""

    measurements: int = 0
    gaps: int = 0
    first: str = ""
    last: str = ""


@dataclass(slots=True)
class Copied:
    """What went into a copy. `sections`: records by where they are held."""

    household: str
    pseudonym: str
    made_at: str
    sections: dict[str, list[Json]] = field(default_factory=dict)
    pseudonyms: list[Json] = field(default_factory=list)
    meters: dict[str, MeterCount] = field(default_factory=dict)
    research_meters: dict[str, MeterCount] = field(default_factory=dict)
    files: list[Json] = field(default_factory=list)

    def to_json(self) -> Json:
        return {
            "household": self.household,
            "made_at": self.made_at,
            "pseudonym": self.pseudonym,
            "pseudonyms": self.pseudonyms,
            "records": self.sections,
            "meters": msgspec.to_builtins(self.meters),
            "research_meters": msgspec.to_builtins(self.research_meters),
            "files": self.files,
        }


def copy_household(content: HouseholdContent, ca_folder: Path, out: Path, now: datetime) -> Copied:
    """Write the copy into `out`, which must not be there. Raises Fault, CouchError."""
    if not content.known():
        raise Fault(f"there is no household {content.household}. Take its uuid from the list of households.")
    copied = Copied(content.household, content.pseudonym, to_rfc3339(now.replace(microsecond=0)))
    with copy_folder(out) as folder:
        _readings(content, folder, copied)
        with folder.file("revisions.ndjson") as file:
            for leaf in content.rivals():
                file.json_line(leaf)
        _research(content, folder, copied)
        access = content.access()
        copied.sections = {
            "household": list(content.documents()),
            "access": [] if access is None else [{"type": "security", **access}],
            "registry": list(content.registry()),
            "research": list(content.research()),
            "exports": list(content.exports()),
            "devices": list(device_records(ca_folder, content.household)),
            "accounts": list(content.accounts()),
        }
        copied.pseudonyms = list(_pseudonyms(content, copied))
        copied.files = list(folder.files)
        with folder.file("records.json") as file:
            file.write(msgspec.json.format(msgspec.json.encode(copied.to_json()), indent=2) + b"\n")
        copied.files = list(folder.files)
        with folder.file("copy.html") as file:
            for piece in page(copied.to_json()):
                file.write(piece.encode())
        copied.files = list(folder.files)
    return copied


def _readings(content: HouseholdContent, folder: CopyFolder, copied: Copied) -> None:
    with folder.file("measurements.ndjson") as lines, folder.file("measurements.csv") as table:
        table.csv_row(CSV_COLUMNS, header=True)
        for doc in content.readings("measurement"):
            lines.json_line(doc)
            _count(copied.meters, doc, "slot")
            for reading in _list(doc.get("data")):
                table.csv_row(
                    [
                        *(doc.get(name, "") for name in CSV_COLUMNS[:4]),
                        *(reading.get(name, "") for name in CSV_COLUMNS[4:8]),
                        " ".join(map(str, doc.get("marks", ()))),
                    ]
                )
    with folder.file("gaps.ndjson") as lines, folder.file("gaps.csv") as table:
        table.csv_row(GAP_COLUMNS, header=True)
        for doc in content.readings("gap"):
            lines.json_line(doc)
            _count(copied.meters, doc, "from_slot")
            table.csv_row([doc.get(name, "") for name in GAP_COLUMNS])


def _research(content: HouseholdContent, folder: CopyFolder, copied: Copied) -> None:
    with folder.file("research.ndjson") as lines:
        for doc in content.research_readings():
            lines.json_line(doc)
            _count(copied.research_meters, doc, "slot" if "slot" in doc else "from_slot")


def _count(meters: dict[str, MeterCount], doc: Json, at: str) -> None:
    count = meters.setdefault(str(doc.get("meter")), MeterCount())
    if at == "slot":
        count.measurements += 1
    else:
        count.gaps += 1
    moment = str(doc.get(at, ""))
    count.first = min(filter(None, (count.first, moment)), default="")
    count.last = max(count.last, moment)


def _pseudonyms(content: HouseholdContent, copied: Copied) -> Iterator[Json]:
    """Which uuid stands behind which pseudonym, as far as uuids are still known."""
    names = content.names
    kinds: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("meter", names.meter),
        ("pv_system", names.pv_system),
    )
    yield {"kind": "household", "uuid": content.household, "pseudonym": content.pseudonym}
    erasures = [doc for doc in copied.sections["registry"] if doc.get("type") == "erasure"]
    kept = {each["meter"] for doc in erasures for each in doc.get("kept", ())}
    for kind, named in kinds:
        found = {doc[kind] for doc in copied.sections["household"] if doc.get("type") == kind}
        more = {*copied.meters, *kept} if kind == "meter" else set()
        for uuid in sorted(found | more):
            yield {"kind": kind, "uuid": uuid, "pseudonym": named(uuid)}


def _list(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []

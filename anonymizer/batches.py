"""What a batch of a household's changes asks for: sorted by kind, typed, pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from couch.client import Change
from couch.documents import Gap, Heartbeat, Json, Measurement, Report
from couch.errors import BadDocument

# Types whose change makes the context and the registry's summary be built anew.
FACTS = frozenset({"registration", "location", "pv_system", "meter", "device"})


@dataclass(slots=True)
class Sorted:
    """A batch by kind. `bad`: (id, rev, reason) of documents that break their model."""

    measurements: list[Measurement] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    heartbeats: list[Heartbeat] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    facts_changed: bool = False
    consents_changed: bool = False
    contested: list[str] = field(default_factory=list)  # ids of readings with more than one revision
    bad: list[tuple[str, str, str]] = field(default_factory=list)


def sort_changes(changes: Sequence[Change]) -> Sorted:
    """Sort by the type that the `_id` names.

    Answers, orders and confirmations are not the worker's; a deleted reading changes nothing in research,
    which only ever grows.
    """
    out = Sorted()
    for change in changes:
        kind = change.id.split(":", 1)[0]
        if kind in FACTS:
            out.facts_changed = True
        elif kind == "consent":
            out.consents_changed = True
        elif kind in _SORTERS and not change.deleted:
            _sort_reading(kind, change, out)
    return out


def _sort_reading(kind: str, change: Change, out: Sorted) -> None:
    if len(change.revs) > 1 and kind in ("measurement", "gap"):
        out.contested.append(change.id)
    doc = change.doc or {"_id": change.id}
    try:
        _SORTERS[kind](out, doc)
    except BadDocument as err:
        out.bad.append((change.id, change.revs[0], f"{err.field}: {err.reason}"))


_SORTERS: Mapping[str, Callable[[Sorted, Json], None]] = MappingProxyType(
    {
        "measurement": lambda out, doc: out.measurements.append(Measurement.from_json(doc)),
        "gap": lambda out, doc: out.gaps.append(Gap.from_json(doc)),
        "heartbeat": lambda out, doc: out.heartbeats.append(Heartbeat.from_json(doc)),
        "report": lambda out, doc: out.reports.append(Report.from_json(doc)),
    }
)


def reading_from(doc_id: str, leaf: Json) -> Measurement | Gap:
    """The measurement or gap in one revision of `doc_id`. Raises BadDocument."""
    return Measurement.from_json(leaf) if doc_id.startswith("measurement:") else Gap.from_json(leaf)

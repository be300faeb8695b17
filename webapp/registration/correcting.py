"""From a stored household and what was entered to what must change in which document. Pure.

`changes` hold the members with new values, as a correction has them; `added` are whole new documents;
`removed` are ids of parts that the household never had.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from couch.documents import Device, Document, Json, Location, Meter, PvSystem
from webapp.registration.entries import Entries, Position
from webapp.registration.household_table import part_id
from webapp.registration.stored import StoredHousehold
from webapp.registration.typed import KINDS, Row, Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Nothing in it: what was entered says what is stored."""

    changes: dict[str, Json]
    added: tuple[Document, ...]
    removed: tuple[str, ...]

    @property
    def empty(self) -> bool:
        return not (self.changes or self.added or self.removed)


def correction(stored: StoredHousehold, entries: Entries, draft: str) -> Correction:
    """`draft`: the uuid of this form, from which uuids of new parts follow."""
    changes: dict[str, Json] = {}
    registration = {
        name: difference
        for name in ("contact", "address", "metadata")
        if (difference := _difference(getattr(stored.registration, name), getattr(entries, name)))
    }
    if registration:
        changes["registration"] = registration
    added: list[Document] = []
    _position(stored.location, entries.position, changes, added)
    wanted = _wanted(entries, draft)
    stands = {doc.id: doc for doc in (*stored.devices, *stored.meters, *stored.systems)}
    reads = _reads(stored, entries, draft)
    for doc in wanted:
        before = stands.get(doc.id)
        after = _with_meters(doc, before, reads)
        if before is None:
            added.append(after)
        elif change := _changed_members(before, after):
            changes[doc.id] = change
    kept = {doc.id for doc in wanted}
    return Correction(
        changes=changes,
        added=tuple(added),
        removed=tuple(doc_id for doc_id in stands if doc_id not in kept),
    )


def recognized(sent: Typed, stored: Typed, draft: str) -> Typed:
    """`sent` with the uuids of those new rows that an interrupted saving of the same form stored already."""
    stands = {kind: {row.key for row in stored.rows(kind)} for kind in KINDS}

    def known(kind: str, key: str) -> str:
        uuid = part_id(draft, kind, key)
        return uuid if uuid in stands[kind] else key

    return replace(
        sent,
        devices=tuple(replace(row, key=known("devices", row.key)) for row in sent.devices),
        meters=tuple(
            Row(known("meters", row.key), {**row.texts, "device": known("devices", row["device"])})
            for row in sent.meters
        ),
        systems=tuple(
            Row(known("systems", row.key), row.texts, tuple(known("meters", meter) for meter in row.meters))
            for row in sent.systems
        ),
    )


def _difference(before: object, after: object) -> Json:
    """Members that differ, of an object inside the registration; unknown ones stay as they are."""
    names = [name for name in getattr(after, "__struct_fields__", ()) if name != "extra"]
    return {name: getattr(after, name) for name in names if getattr(before, name) != getattr(after, name)}


def _position(
    before: Location | None, after: Position | None, changes: dict[str, Json], added: list[Document]
) -> None:
    if after is None:
        return
    if before is None:
        added.append(Location(latitude=after.latitude, longitude=after.longitude, source=after.source))
        return
    if (before.latitude, before.longitude) == (after.latitude, after.longitude):
        return
    new = {"latitude": after.latitude, "longitude": after.longitude, "source": after.source}
    changes["location"] = {name: value for name, value in new.items() if getattr(before, name) != value}


def _wanted(entries: Entries, draft: str) -> list[Document]:
    """Every part as the entries want it; devices without their meters, which follow from the meters."""
    return [
        *(Device(device=part_id(draft, "devices", each.key), name=each.name) for each in entries.devices),
        *(
            Meter(
                meter=part_id(draft, "meters", each.key),
                meter_type=each.meter_type,
                model=each.model,
                device=None if each.device is None else part_id(draft, "devices", each.device),
            )
            for each in entries.meters
        ),
        *(
            PvSystem(
                pv_system=part_id(draft, "systems", each.key),
                nominal_power_kw=each.nominal_power_kw,
                azimuth_deg=each.azimuth_deg,
                tilt_deg=each.tilt_deg,
                installed_on=each.installed_on,
                meters=tuple(part_id(draft, "meters", key) for key in each.meters),
            )
            for each in entries.systems
        ),
    ]


def _reads(stored: StoredHousehold, entries: Entries, draft: str) -> Mapping[str, tuple[set[str], set[str]]]:
    """For each device the meters that it is to read from now on, and those that it is to read no longer."""
    before = {meter.meter: meter.device for meter in stored.meters}
    after = {
        part_id(draft, "meters", each.key): each.device and part_id(draft, "devices", each.device)
        for each in entries.meters
    }
    moves: dict[str, tuple[set[str], set[str]]] = {}
    for meter in {*before, *after}:
        old, new = before.get(meter), after.get(meter)
        if old == new:
            continue
        if new is not None:
            moves.setdefault(new, (set(), set()))[0].add(meter)
        if old is not None:
            moves.setdefault(old, (set(), set()))[1].add(meter)
    return moves


def _with_meters(
    doc: Document, before: Document | None, reads: Mapping[str, tuple[set[str], set[str]]]
) -> Document:
    if not isinstance(doc, Device):
        return doc
    come, go = reads.get(doc.device, (set(), set()))
    known = before.meters if isinstance(before, Device) else ()
    stay = [meter for meter in known if meter not in go]
    return Device(
        device=doc.device,
        name=doc.name,
        meters=(*stay, *sorted(meter for meter in come if meter not in stay)),
    )


_MEMBERS: Mapping[type[Document], tuple[str, ...]] = {
    Device: ("name", "meters"),
    Meter: ("meter_type", "model", "device"),
    PvSystem: ("nominal_power_kw", "azimuth_deg", "tilt_deg", "installed_on", "meters"),
}


def _changed_members(before: Document, after: Document) -> Json:
    """What a researcher enters and differs; certificates and releases are not among it."""
    new = after.to_json()
    return {
        name: new[name] for name in _MEMBERS[type(after)] if getattr(before, name) != getattr(after, name)
    }

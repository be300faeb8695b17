"""Creating a household at the centre, and devices in it. Each step can be repeated after an interruption.

Order: ids kept beside the file; database with validator, then members; documents by the worker's role
account; for each device its one-time code, then its bundle.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from couch.bootstrap import ensure_database, household_security
from couch.client import Database, Server
from couch.documents import Device, Document
from couch.errors import Conflict, Fault
from couch.names import household_database
from provisioning.device_bundle import BundleMaker, DeviceEntry, Handed
from provisioning.enrolment_households import standing_of
from provisioning.household_file import HouseholdFile, PartsFile
from provisioning.household_ids import HouseholdIds, complete_ids, keep_ids, kept_ids
from provisioning.household_plan import device_entries, household_documents, part_documents

AfterStep = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedDevice:
    name: str
    device: str
    handed: Handed


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedHousehold:
    """`left`: ids of documents that were corrected since, to other content or away: they stay so."""

    ids: HouseholdIds
    devices: tuple[CreatedDevice, ...]
    written: int
    left: tuple[str, ...]


def nothing_more(_step: str) -> None:
    """Nobody listens to the steps."""


def create_household(
    path: Path,
    file: HouseholdFile,
    *,
    admin: Server,
    worker: Server,
    bundles: BundleMaker,
    after_step: AfterStep = nothing_more,
) -> CreatedHousehold:
    """Create what is missing of the household in `path` (read as `file`) and make its devices' bundles.

    `after_step` hears of each step that is done. Raises Fault, CouchError; run it again after either.
    """
    ids = complete_ids(file, kept_ids(path))
    keep_ids(path, ids)
    after_step("ids")
    name = household_database(ids.household)
    _refuse_erased(worker.database(name), ids.household)
    ensure_database(admin, name, "household", household_security(ids.household))
    after_step("database")
    written, left = _write_all(worker.database(name), household_documents(file, ids), after_step)
    devices = _hand_out_all(bundles, file, ids, after_step)
    return CreatedHousehold(ids=ids, devices=devices, written=written, left=tuple(left))


def add_devices(
    path: Path,
    file: PartsFile,
    household: str,
    *,
    worker: Server,
    bundles: BundleMaker,
    after_step: AfterStep = nothing_more,
) -> CreatedHousehold:
    """Add to a household what is missing of the devices, meters and systems in `path` (read as `file`).

    Raises Fault where there is no such household, and as `create_household`.
    """
    database = worker.database(household_database(household))
    if not database.exists():
        raise Fault(f"there is no household {household}. Take its uuid from the list of households.")
    _refuse_erased(database, household)
    known = kept_ids(path)
    if known is not None and known.household != household:
        raise Fault(f"{path} was added to the household {known.household} before. Use a file of its own.")
    ids = complete_ids(file, known, household=household)
    keep_ids(path, ids)
    after_step("ids")
    written, left = _write_all(database, part_documents(file, ids), after_step)
    devices = _hand_out_all(bundles, file, ids, after_step)
    return CreatedHousehold(ids=ids, devices=devices, written=written, left=tuple(left))


def _write_all(
    database: Database, documents: Iterable[Document], after_step: AfterStep
) -> tuple[int, list[str]]:
    """How many were written, and the ids of those that a researcher had changed or removed."""
    wanted = list(documents)
    stands = database.bulk_get([(document.id, None) for document in wanted])
    removed = {doc["_id"] for doc in stands if doc.get("_deleted")}
    written, left = 0, []
    for document in wanted:
        outcome = None if document.id in removed else _write(database, document)
        written += outcome is True
        if outcome is None:
            left.append(document.id)
        after_step(document.id)
    return written, left


def _hand_out_all(
    bundles: BundleMaker, file: PartsFile, ids: HouseholdIds, after_step: AfterStep
) -> tuple[CreatedDevice, ...]:
    return tuple(hand_out(bundles, entry, after_step) for entry in device_entries(file, ids))


def hand_out(bundles: BundleMaker, entry: DeviceEntry, after_step: AfterStep) -> CreatedDevice:
    """The device's bundle, as a step."""
    handed = bundles.hand_out(entry)
    after_step(f"bundle of {entry.name}")
    return CreatedDevice(name=entry.name, device=entry.device, handed=handed)


def _refuse_erased(database: Database, household: str) -> None:
    if database.exists() and standing_of(database).erased:
        raise Fault(f"the household {household} was erased: nobody joins it. Register a new household.")


def _write(database: Database, document: Document) -> bool | None:
    """True: written; False: it stood there; None: another content stands there, which a researcher put."""
    try:
        return database.put_once(document.to_json())
    except Conflict:
        stands = database.find(document.id)
        return False if stands is not None and _equal_but_for_service(document, stands) else None


def _equal_but_for_service(document: Document, stands: dict[str, object]) -> bool:
    """Whether only the certificate's serial or the software release was noted since."""
    if not isinstance(document, Device):
        return False
    stored = Device.from_json(stands)
    return (
        msgspec.structs.replace(stored, certificate_serial=None, desired_release=None, rev=None) == document
    )

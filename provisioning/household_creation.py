"""Creating a household at the centre. Every step can be repeated after an interruption at any point.

Order: ids kept beside the file; database with validator, then members; documents by the worker's role
account; per device its settings file first and then its account, so that a password is never lost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from couch.bootstrap import ensure_database, household_security
from couch.client import Database, Server
from couch.documents import Document
from couch.errors import Conflict
from couch.names import device_roles, household_database
from provisioning.device_bundle import (
    LOCAL_ACCOUNTS,
    DeviceBundle,
    device_account,
    kept_passwords,
    new_password,
    write_bundle,
)
from provisioning.household_file import HouseholdFile
from provisioning.household_ids import HouseholdIds, complete_ids, keep_ids, kept_ids
from provisioning.household_plan import household_documents, meters_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedDevice:
    name: str
    device: str
    settings: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedHousehold:
    """`left`: ids of documents that stood there with other content, corrected since: they stay."""

    ids: HouseholdIds
    devices: tuple[CreatedDevice, ...]
    written: int
    left: tuple[str, ...]


def create_household(
    path: Path,
    file: HouseholdFile,
    *,
    admin: Server,
    worker: Server,
    device_url: str,
    out: Path,
    after_step: Callable[[str], None] = lambda _step: None,
) -> CreatedHousehold:
    """Create what is missing of the household in `path` (read as `file`) and write its devices' settings.

    `device_url` is the centre's address for devices, `out` the folder of their settings (one each).
    `after_step` hears of each step that is done. Raises Fault, CouchError; run it again after either.
    """
    ids = complete_ids(file, kept_ids(path))
    keep_ids(path, ids)
    after_step("ids")
    name = household_database(ids.household)
    ensure_database(admin, name, "household", household_security(ids.household))
    after_step("database")
    database = worker.database(name)
    written, left = 0, []
    for document in household_documents(file, ids):
        outcome = _write(database, document)
        written += outcome is True
        if outcome is None:
            left.append(document.id)
        after_step(document.id)
    devices = []
    for entry in file.devices:
        device = ids.devices[entry.name]
        folder = out / device
        kept = kept_passwords(folder)
        bundle = DeviceBundle(
            device=device,
            household=ids.household,
            centre_url=device_url,
            centre_password=kept.get("centre") or new_password(),
            local_url=entry.local_url,
            local_passwords={account: kept.get(account) or new_password() for account in LOCAL_ACCOUNTS},
            meters=meters_of(file, ids, entry.name),
        )
        settings = folder / "device.toml" if kept else write_bundle(folder, bundle)
        after_step(f"settings of {entry.name}")
        admin.put_user(
            device_account(device), bundle.centre_password.reveal(), device_roles(ids.household, device)
        )
        after_step(f"account of {entry.name}")
        devices.append(CreatedDevice(name=entry.name, device=device, settings=settings))
    return CreatedHousehold(ids=ids, devices=tuple(devices), written=written, left=tuple(left))


def _write(database: Database, document: Document) -> bool | None:
    """True: written; False: it stood there; None: another content stands there, which a researcher put."""
    try:
        return database.put_once(document.to_json())
    except Conflict:
        return None

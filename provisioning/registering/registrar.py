"""Registering and correcting for the researchers' pages: the commands' own steps, called by a service.

Everything lies in one private folder: ids of a household that is being created (gone when that is done), the
bundles (gone when their codes are spent or have ended), and a note of each correction under way. The pages'
forms give every part its uuid, so the same form sent twice is the same household.
"""

import fcntl
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from couch.bundle import BundleMeter, usual_protocol
from couch.centre_settings import CentreSettings
from couch.client import Database
from couch.documents import Device, Json, Meter
from couch.errors import Fault
from couch.names import household_database
from couch.registering import DeviceStage, OpenCorrection, Registered, RegisteredDevice
from provisioning.ca.names import email_name
from provisioning.ca.record import CertificateRecord
from provisioning.device_bundle import BundleMaker, DeviceEntry, Handed, Handing
from provisioning.household_creation import create_household
from provisioning.household_file import household_of_table
from provisioning.household_ids import ids_path
from provisioning.onboarding import opened_onboarding
from provisioning.registering.open_corrections import OpenCorrections
from provisioning.rights.anonymizing import Anonymizing
from provisioning.rights.correcting import write_corrections

_log = logging.getLogger("survey.registering")
_STAGES: Mapping[Handing, DeviceStage] = {
    Handing.MADE: DeviceStage.INVITED,
    Handing.KEPT: DeviceStage.INVITED,
    Handing.JOINED: DeviceStage.JOINED,
    Handing.REVOKED: DeviceStage.REVOKED,
    Handing.REPLACED: DeviceStage.REPLACED,
}


class Registrar:
    """Used by many threads; each call opens what it needs. Every call may raise Fault and CouchError."""

    def __init__(self, settings: CentreSettings, folder: Path, anonymizing: Anonymizing) -> None:
        self._settings, self._folder = settings, folder
        self._bundles, self._drafts = folder / "bundles", folder / "drafts"
        self._open = OpenCorrections(folder / "corrections", settings, anonymizing)

    def resume(self) -> None:
        """Take up corrections that the last service could not end, and let go of what is spent."""
        self._open.resume()
        try:
            with self._maker() as maker:
                self._tidy(maker)
        except Fault as err:  # the pages show what there is, and say this to whoever registers
            _log.warning("households cannot be registered at the pages: %s", err)

    def email_fault(self, email: str) -> str | None:
        """Why the email cannot stand in a device's certificate; None: it can."""
        try:
            email_name(email)
        except Fault as err:
            return str(err)
        return None

    def create(self, table: Json) -> Registered:
        """The household that the table (form of a household's file, with all uuids) describes.

        Again with the same uuids it does what an interruption left.
        """
        file = household_of_table(table)
        if file.household is None:
            raise Fault("the registration gives no uuid to the household. Nothing was created.")
        path = self._drafts / f"{file.household}.toml"
        with self._alone(), opened_onboarding(self._settings, self._bundles) as onboarding:
            try:
                created = create_household(
                    path, file, admin=onboarding.admin, worker=onboarding.worker, bundles=onboarding.bundles
                )
            finally:  # it holds the names of devices, and every uuid was given
                ids_path(path).unlink(missing_ok=True)
        return Registered(household=created.ids.household, written=created.written, left=created.left)

    def correct(
        self, household: str, changes: dict[str, Json], removed: tuple[str, ...], revs: Mapping[str, str]
    ) -> bool:
        """Write new values now, and remove the old ones afterwards (see `open_correction`).

        `revs`: the revisions that the changes were worked out from. True: the email changed.
        Raises ChangedMeanwhile besides.
        """
        with (
            self._settings.admin_server() as admin,
            self._settings.worker_server() as worker,
            self._open.noted(household, (*changes, *removed)),
        ):
            done = write_corrections(
                household, changes, removed=removed, admin=admin, worker=worker, revs=revs
            )
        return done.email_changed

    def open_correction(self, household: str) -> OpenCorrection | None:
        """The correction whose old values are not all removed yet; None: there is none."""
        return self._open.of(household)

    def complete_correction(self, household: str) -> None:
        """Begin to remove old values again, where that failed or was interrupted."""
        self._open.start(household)

    def wait(self, household: str, timeout_s: float) -> None:
        """Until its correction has ended one way or the other, at most so many real seconds."""
        self._open.wait(household, timeout_s)

    def devices(self, household: str) -> tuple[RegisteredDevice, ...]:
        """The household's devices and how far each is."""
        with opened_onboarding(self._settings, self._bundles) as onboarding:
            found = _devices(onboarding.worker.database(household_database(household)))
            self._tidy(onboarding.bundles)
            ends = _ends(onboarding.memory.records.of_household(household))
            return tuple(
                _registered(device, onboarding.bundles.standing(device.device), ends.get(device.device))
                for device in found
            )

    def invite(self, household: str, device: str) -> bool:
        """A bundle for the device, a new one where the last one's code has ended.

        False: the household has no such device.
        """
        with self._settings.worker_server() as worker, self._alone(), self._maker() as maker:
            database = worker.database(household_database(household))
            for found in _devices(database):
                if found.device == device:
                    maker.hand_out(_entry(household, found, _meters(database), maker))
                    return True
        return False

    def bundle(self, household: str, device: str) -> bytes | None:
        """The bundle's file; None where there is none that can be used, or no such device."""
        with self._settings.worker_server() as worker, self._maker() as maker:
            known = {found.device for found in _devices(worker.database(household_database(household)))}
            standing = maker.standing(device) if device in known else None
            return None if standing is None or standing.bundle is None else standing.bundle.read_bytes()

    @contextmanager
    def _maker(self) -> Iterator[BundleMaker]:
        with opened_onboarding(self._settings, self._bundles) as onboarding:
            yield onboarding.bundles

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time in this folder, whatever the process: two would make two codes for one device."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _tidy(self, maker: BundleMaker) -> None:
        """Bundles whose codes are spent or have ended say nothing any more but the name of a device.

        Alone, so that none goes that is being made now; a draft that lies there is of one who was killed.
        """
        with self._alone():
            for draft in self._drafts.glob("*"):
                draft.unlink(missing_ok=True)
            for file in self._bundles.glob("*.bundle.toml"):
                standing = maker.standing(file.name.removesuffix(".bundle.toml"))
                if standing is None or standing.bundle is None:
                    file.unlink(missing_ok=True)


def _registered(device: Device, standing: Handed | None, ends: datetime | None) -> RegisteredDevice:
    return RegisteredDevice(
        device=device.device,
        name=device.name,
        meters=len(device.meters),
        stage=DeviceStage.UNINVITED if standing is None else _STAGES[standing.outcome],
        expires=None if standing is None else standing.expires,
        certificate_ends=ends,
    )


def _ends(records: list[CertificateRecord]) -> dict[str, datetime]:
    """The end of each device's newest certificate, of those that were not revoked."""
    ends: dict[str, datetime] = {}
    for record in records:
        if record.device is not None and record.revoked_at is None:
            ends[record.device] = max(record.not_after, ends.get(record.device, record.not_after))
    return ends


def _devices(database: Database) -> list[Device]:
    """None where there is no such household."""
    if not database.exists():
        return []
    return [Device.from_json(doc) for doc in database.documents(start="device:", end="device;")]


def _meters(database: Database) -> list[Meter]:
    return [Meter.from_json(doc) for doc in database.documents(start="meter:", end="meter;")]


def _entry(household: str, device: Device, meters: list[Meter], maker: BundleMaker) -> DeviceEntry:
    """What the device's bundle says; heads and protocols as an earlier bundle of it said."""
    kept = maker.kept(device.device)
    before = {meter.meter: meter for meter in kept.meters} if kept else {}
    read = [meter for meter in meters if meter.device == device.device]
    return DeviceEntry(
        household=household,
        device=device.device,
        name=device.name,
        local_url=kept.local_url if kept else "http://127.0.0.1:5984",
        meters=tuple(
            before.get(
                meter.meter,
                BundleMeter(
                    meter=meter.meter,
                    name=f"{place} {meter.meter_type.lower().replace('_', ' ')} {meter.model}",
                    protocol=usual_protocol(meter.model),
                ),
            )
            for place, meter in enumerate(read, 1)
        ),
    )

"""What enrolment asks the households' databases: is it erased, which email, and where a serial is noted."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from couch.client import Database, Server
from couch.documents import Device, Json, Registration
from couch.errors import CouchError
from couch.names import household_database

_log = logging.getLogger("survey.enrolment")


@dataclass(frozen=True, slots=True)
class HouseholdStanding:
    """`email` None: the household was erased, or has no registration yet."""

    erased: bool
    email: str | None = None

    def __repr__(self) -> str:  # an email must not come into a log by accident
        return f"HouseholdStanding(erased={self.erased})"


class CentralHouseholds:
    """The households at the centre. `connect` opens a connection of the worker's role account."""

    def __init__(self, connect: Callable[[], Server]) -> None:
        self._connect = connect

    def standing(self, household: str) -> HouseholdStanding:
        """Raises CouchError; NotFound where there is no such database."""
        with self._connect() as server:
            return standing_of(server.database(household_database(household)))

    def note_serial(self, household: str, device: str, serial: str) -> None:
        """Put the serial into the device's document; a failure is logged, the next certificate mends it."""
        try:
            with self._connect() as server:
                server.database(household_database(household)).replace(
                    f"device:{device}", lambda stored: with_serial(stored, serial)
                )
        except CouchError as err:
            _log.warning("the serial of device %s could not be noted in its document: %s", device, err)


def standing_of(database: Database) -> HouseholdStanding:
    """Raises CouchError."""
    consent = database.security().get("consent")
    if isinstance(consent, dict) and consent.get("erased") is True:
        return HouseholdStanding(erased=True)
    stored = database.find("registration")
    email = None if stored is None else Registration.from_json(stored).contact.email
    return HouseholdStanding(erased=False, email=email)


def with_serial(stored: Json | None, serial: str) -> Json | None:
    """The device's document with this serial; None: nothing to change."""
    if stored is None:
        return None
    device = Device.from_json(stored)
    if device.certificate_serial == serial:
        return None
    return msgspec.structs.replace(device, certificate_serial=serial).to_json()

"""Provisioning, postal codes and regions in memory, in place of what `survey.py` hands to the pages.

What is created and corrected goes through provisioning's own pure functions into the fake databases, so that
the pages' tables and changes are judged as they are in earnest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from webapp_fakes import FakeDatabase, FakeServer
from webapp_samples import NOW

from couch.documents import Json
from couch.errors import Fault
from couch.names import household_database
from couch.registering import ChangedMeanwhile, DeviceStage, OpenCorrection, Registered, RegisteredDevice
from provisioning.ca.names import email_name
from provisioning.household_file import household_of_table
from provisioning.household_ids import complete_ids
from provisioning.household_plan import household_documents
from provisioning.rights.correction_file import corrected
from webapp.registration.services import RegistrationServices


@dataclass(frozen=True)
class FakePlace:
    postal_code: str
    place: str
    latitude: float
    longitude: float


# What somebody types about a household.
GOOD = {
    "name": "Ada Example",
    "email": "ada@example.org",
    "street": "Musterweg",
    "house_number": "12a",
    "postal_code": "24103",
    "city": "Kiel",
    "latitude": "54,3233",
    "longitude": "10.1228",
    "children": "1",
    "adults": "2",
    "adults_with_job": "1",
    "ev_charger": "",
    "heat_pump": "yes",
    "home_battery": "",
}
KIEL = FakePlace("24103", "Kiel", 54.3233, 10.1228)


@dataclass
class FakePlaces:
    """A table with one place."""

    table: list[FakePlace] = field(default_factory=lambda: [KIEL])

    def known(self) -> bool:
        return bool(self.table)

    def places(self, postal_code: str) -> list[FakePlace]:
        return [place for place in self.table if place.postal_code == postal_code]

    def within(self, west: float, south: float, east: float, north: float, most: int) -> list[FakePlace]:
        found = [
            place
            for place in self.table
            if south <= place.latitude <= north and west <= place.longitude <= east
        ]
        return found[:most]


@dataclass
class FakeRegions:
    """A map of one square; None: none was imported."""

    text: str | None = '{"scale":1,"regions":[{"name":"Square","rings":[[5,47,10,0,0,8,-10,0]]}]}'

    def outlines(self) -> str | None:
        return self.text

    def region_at(self, latitude: float, longitude: float) -> str | None:
        return "Square" if 47 <= latitude <= 55 and 5 <= longitude <= 15 else None


class FakeRegistrar:
    """As provisioning.registering.registrar.Registrar, without certificates, a worker and threads."""

    def __init__(self, server: Callable[[], FakeServer]) -> None:
        self._server = server
        self.forget()

    def forget(self) -> None:
        """As before any test."""
        self.fails: list[Exception] = []  # raised one after the other, before anything is done
        self.created: list[Json] = []
        self.opened: dict[str, OpenCorrection] = {}
        self.invited: set[str] = set()
        self.resumed = 0

    def resume(self) -> None:
        self.resumed += 1

    def email_fault(self, email: str) -> str | None:
        try:
            email_name(email)
        except Fault as err:
            return str(err)
        return None

    def create(self, table: Json) -> Registered:
        self._fail()
        file = household_of_table(table)
        assert file.household is not None
        database = self._server().databases.setdefault(household_database(file.household), FakeDatabase())
        written, left = 0, []
        for document in household_documents(file, complete_ids(file, None)):
            doc = document.to_json()
            stands = database.docs.get(doc["_id"])
            if stands is None:
                written += database.put_once(doc)
            elif {**stands, "_rev": ""} != {**doc, "_rev": ""}:
                left.append(document.id)
        self.created.append(table)
        self.invited |= {device["device"] for device in table["devices"]}
        return Registered(household=file.household, written=written, left=tuple(left))

    def correct(
        self, household: str, changes: dict[str, Json], removed: tuple[str, ...], revs: Mapping[str, str]
    ) -> bool:
        self._fail()
        docs = self._server().databases[household_database(household)].docs
        others = [doc_id for doc_id in (*changes, *removed) if docs[doc_id]["_rev"] != revs.get(doc_id)]
        if others:
            raise ChangedMeanwhile(tuple(others))
        for doc_id, change in changes.items():
            docs[doc_id] = {**corrected(docs[doc_id], change), "_rev": f"{docs[doc_id]['_rev']}x"}
        for doc_id in removed:
            del docs[doc_id]
        return "email" in changes.get("registration", {}).get("contact", {})

    def open_correction(self, household: str) -> OpenCorrection | None:
        return self.opened.get(household)

    def complete_correction(self, household: str) -> None:
        self.opened.pop(household, None)

    def devices(self, household: str) -> tuple[RegisteredDevice, ...]:
        database = self._server().databases.get(household_database(household))
        docs = () if database is None else database.docs.values()
        return tuple(
            RegisteredDevice(
                device=doc["device"],
                name=doc["name"],
                meters=len(doc["meters"]),
                stage=DeviceStage.INVITED if doc["device"] in self.invited else DeviceStage.UNINVITED,
                expires=NOW + timedelta(days=7) if doc["device"] in self.invited else None,
            )
            for doc in docs
            if doc["type"] == "device"
        )

    def invite(self, household: str, device: str) -> bool:
        known = any(each.device == device for each in self.devices(household))
        self.invited |= {device} if known else set()
        return known

    def bundle(self, household: str, device: str) -> bytes | None:
        known = any(each.device == device for each in self.devices(household))
        return b'code = "secret"\n' if known and device in self.invited else None

    def _fail(self) -> None:
        if self.fails:
            raise self.fails.pop(0)


def fake_registration(server: Callable[[], FakeServer], folder: Path) -> RegistrationServices:
    """All of it."""
    return RegistrationServices(
        registrar=FakeRegistrar(server), places=FakePlaces(), regions=FakeRegions(), folder=folder
    )

"""The administrators' pages about health, over a registry in memory."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from couch.clock import to_rfc3339
from couch.documents import (
    ConsentState,
    DeviceErasure,
    DeviceSummary,
    Erasure,
    Lease,
    Parked,
    WorkerNote,
)
from couch.errors import Unreachable

WORKER = "5f000000-0000-4000-8000-0000000000ee"
RECEIPT = "5f000000-0000-4000-8000-0000000000ff"


class World:
    """What stands in the registry; `NOW` is the survey's clock."""

    def __init__(self, centre: Any, sample: Any, now: datetime) -> None:
        self.centre, self.sample, self.now = centre, sample, now

    def put(self, *docs: Any) -> None:
        for doc in docs:
            self.centre.registry.docs[doc.id] = {**doc.to_json(), "_rev": "1-a"}

    def device(self, number: int, **more: Any) -> DeviceSummary:
        """One that is well."""
        fresh = self.now - timedelta(minutes=5)
        known: dict[str, Any] = {
            "name": f"Box {number}",
            "heard_at": fresh,
            "heartbeat_at": fresh,
            "last_measurement": fresh,
            "last_push": fresh,
            "backlog": 0,
            **more,
        }
        return DeviceSummary(device=f"5f000000-0000-4000-8000-{number:012x}", **known)

    def household(self, number: int, *devices: DeviceSummary, **more: Any) -> Any:
        known: dict[str, Any] = {
            "consent": ConsentState.GRANTED,
            "granted_at": self.now - timedelta(days=9),
            "last_slot": self.now - timedelta(minutes=22),
            "meters": 1,
            **more,
        }
        made = self.sample.summary(number, devices=devices, **known)
        self.put(made)
        return made

    def worker(self, **beat: Any) -> None:
        """One that serves everybody; real time, as its signs of life are."""
        self.put(WorkerNote(worker=WORKER, started_at=self.now), Lease(slice=0, owner=WORKER))
        known = {"count": 1, "at": to_rfc3339(datetime.now(UTC)), **beat}
        self.centre.registry.locals[f"worker-beat:{WORKER}"] = known

    def parked(self, number: int, reason: str = "other content", document: str = "measurement:x") -> Parked:
        one = Parked(
            household=self.sample.summary(number).household,
            document=document,
            document_rev="1-a",
            reason=reason,
            at=self.now,
        )
        self.put(one)
        return one

    def page(self, path: str) -> str:
        answer = self.centre.signed_in("adam").get(path)
        assert answer.status_code == 200
        return str(answer.text)


@pytest.fixture
def world(centre: Any, sample: Any, now: datetime) -> World:
    return World(centre, sample, now)


def test_all_is_well_is_said_in_one_sentence(world: World) -> None:
    world.household(1, world.device(1), world.device(2))
    world.worker()
    page = world.page("/health")
    assert "All is well." in page
    assert "2 devices are well." in page
    assert "No device needs anybody." in page


def test_a_device_that_is_not_well_is_named_with_why_since_when_and_what_to_do(world: World) -> None:
    world.worker()
    world.household(1, world.device(1, heard_at=world.now - timedelta(days=3)), world.device(2))
    page = world.page("/health")
    for words in ("1 device needs somebody now.", "silent for 3 days", "3 days ago", "Ask the household"):
        assert words in page
    assert "Box 1" in page
    assert "Box 2" not in page
    assert "Household 001, Karlsruhe" in page


def test_the_list_shows_others_on_demand_and_turns_its_pages(world: World) -> None:
    world.worker()
    for number in range(1, 61):
        world.household(number, world.device(number))
    world.household(61, world.device(61, conflicts=2), consent=ConsentState.REVOKED)
    everyone = world.page("/health?show=all")
    assert everyone.index("Box 61") < everyone.index("Box 1<")
    assert "page=2" in everyone
    rest = world.page("/health?show=all&page=2")
    assert ("Box 60" in rest, "Box 61" in rest) == (True, False)
    assert "Box 61" not in world.page("/health?show=well&page=2")
    assert "No device is like that." in world.page("/health?kind=conflicts&consent=granted")
    assert "Box 61" in world.page("/health?kind=conflicts&consent=revoked")
    assert "Box 61" in world.page("/health?show=nonsense&kind=nonsense&page=-3")


def test_without_a_worker_that_is_the_first_thing_said(world: World) -> None:
    world.household(1, world.device(1))
    assert "No worker is running" in world.page("/health")
    world.worker(at="2026-01-01T00:00:00Z")
    assert "No worker is running" in world.page("/health")
    world.worker()
    assert "No worker is running" not in world.page("/health")


def test_the_page_of_a_device_sets_what_it_says_beside_what_the_centre_sees(world: World) -> None:
    world.worker()
    device = world.device(
        1,
        certificate_ends=world.now + timedelta(days=40),
        disk_free_bytes=12_300_000_000,
        temperature_c=51.5,
        clock="unsynchronized",
        refused=3,
        versions={"survey": "0.1.0"},
        errors=("push: the centre cannot be reached",),
    )
    made = world.household(1, device, last_slot=world.now - timedelta(hours=9), name="Erika <Mustermann>")
    world.parked(1)
    database = type(world.centre.registry)()
    database.locals["abc"] = {
        "history": [{"end_time": "Tue, 30 Jun 2026 11:07:00 GMT", "docs_read": 5, "docs_written": 4}]
    }
    database.locals["note"] = {"history": "none"}
    world.centre.server.databases[f"household-{made.household}"] = database
    page = world.page(f"/health/devices/{device.device}")
    for words in (
        "Erika &lt;Mustermann&gt;",
        "9 hours ago",
        "5 minutes ago",
        "no measurement so new is at the centre",
        "not synchronized",
        "12.3 GB",
        "51.5 °C",
        "3 refused",
        "1 parked",
        "0.1.0",
        "push: the centre cannot be reached",
        "other content",
        "1 hour ago",
        "Hints, no proof",
    ):
        assert words in page, words
    assert "Erika" not in page.partition("</title>")[0]


def test_a_device_whose_household_has_no_database_has_a_page(world: World) -> None:
    device = world.device(1)
    world.household(1, device, erased=True, name=None)
    assert "has left a checkpoint" in world.page(f"/health/devices/{device.device}")


def test_a_device_that_there_is_not_is_no_page(world: World) -> None:
    assert world.centre.signed_in("adam").get(f"/health/devices/{world.device(7).device}").status_code == 404


def test_the_centre_shows_its_workers_what_is_parked_and_erasures(world: World) -> None:
    world.worker(waiting=3, lag_s=700.0)
    world.parked(1)
    world.parked(2)
    stands = world.parked(3, reason="no density for the region", document="erasure")
    waits = DeviceErasure(device=world.device(1).device)
    world.put(
        Erasure(household=stands.household, receipt=RECEIPT, begun_at=world.now, devices=(waits,)),
        Erasure(household=world.sample.summary(4).household, receipt=RECEIPT, begun_at=world.now),
    )
    page = world.page("/health/centre")
    for words in (
        "running",
        "11 minutes",
        "The worker is behind",
        "other content",
        "no density for the region",
        "stands still",
        "next: close the access",
    ):
        assert words in page, words


def test_parked_documents_of_one_reason_are_asked_for_again(world: World) -> None:
    world.worker()
    world.parked(1)
    other = world.parked(2, reason="another")
    browser = world.centre.signed_in("adam")
    browser.get("/health/centre")
    sent = browser.send("/health/parked/retry", reason="another")
    assert sent.location == "/health/centre?asked=1"
    assert [name for name in world.centre.registry.docs if name.startswith("retry:")] == [
        f"retry:{other.household}"
    ]
    browser.get("/health/centre")
    assert browser.send("/health/parked/retry").location == "/health/centre?asked=2"
    assert "2 documents are tried again" in browser.get("/health/centre?asked=2").text


def test_an_entry_that_cannot_be_read_is_named(world: World) -> None:
    made = world.household(1)
    world.centre.registry.docs[made.id]["meters"] = "many"
    assert made.id in world.page("/health/centre")


def test_all_is_not_well_while_an_entry_cannot_be_read(world: World) -> None:
    world.worker()
    world.household(1, world.device(1))
    made = world.household(2, world.device(2, heard_at=world.now - timedelta(days=3)))
    world.centre.registry.docs[made.id]["meters"] = "many"
    page = world.page("/health")
    assert "All is well." not in page
    assert "Entries of the registry cannot be read" in page


def test_an_unreachable_database_is_said_kindly(world: World) -> None:
    browser = world.centre.signed_in("adam")
    world.centre.registry.fails = Unreachable("http://10.0.0.1 cannot be reached.")
    answer = browser.get("/health")
    assert answer.status_code == 503
    assert "10.0.0.1" not in answer.text


def test_the_page_speaks_german(world: World) -> None:
    world.worker()
    world.household(1, world.device(1, heard_at=world.now - timedelta(days=3), backlog=1480))
    browser = world.centre.signed_in("adam")
    page = browser.get("/health", headers={"Accept-Language": "de"}).text
    assert "Um 1 Gerät muss sich jetzt jemand kümmern." in page
    assert "3 Tage ohne Lebenszeichen" in page

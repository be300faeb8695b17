"""Workers that die after any request of a revocation, and the one that goes on: exactly one outcome."""

import threading
from typing import Any

import pytest

from anonymizer.connections import Centre
from anonymizer.erasure_record import find_erasure
from anonymizer.leases import LeaseLost
from couch.documents import Context, Step
from couch.names import REGISTRY
from couch.research import measurements
from couch.transport import Transport

SLOTS = 3
_CHANGING_POSTS = ("_bulk_docs", "_purge", "_compact", "_view_cleanup")


class Killed(BaseException):
    """The process ended right after a request was answered by the database."""


class MortalTransport(Transport):
    """Dies after its n-th request that changes something; None lives on."""

    left: int | None = None
    last: str = ""

    def request(self, method: str, *path: str, **options: Any) -> Any:
        answer = super().request(method, *path, **options)
        changes = method in ("PUT", "DELETE") or any(part in _CHANGING_POSTS for part in path)
        if changes and MortalTransport.left is not None:
            MortalTransport.left -= 1
            if MortalTransport.left <= 0:
                MortalTransport.last = f"{method} {path[-1].split(':')[0]}"
                raise Killed
        return answer


def visit(centre: Any, household: Any, *, dies_after: int | None) -> bool:
    """Whether a worker that starts now lives through its visit."""
    connections: Centre = centre.connect()
    for server in (connections.admin, connections.worker):
        server.transport.__class__ = MortalTransport
    MortalTransport.left = dies_after
    try:
        with connections:
            centre.new_worker()._visitor(household.uuid).visit(connections, threading.Event())
    except Killed:
        return False
    finally:
        MortalTransport.left = None
    return True


def revoked(centre: Any) -> Any:
    """A household whose revocation stands in its database and was not seen by any worker."""
    household = centre.household()
    household.consent("granted")
    assert visit(centre, household, dies_after=None)
    household.measure(range(SLOTS))
    household.consent("revoked")
    return household


def place_of(centre: Any, household: Any) -> object:
    """The anonymized place in research; None while the context is not anonymized."""
    stored = centre.context(household)
    context = Context.from_json(stored)
    return context.location if context.anonymized else None


def assert_erased_once(centre: Any, household: Any) -> None:
    record = find_erasure(centre.worker.database(REGISTRY), household.uuid)
    assert record is not None
    assert [each.step for each in record.steps] == list(Step)
    assert [(kept.meter, kept.measurements) for kept in record.kept] == [(household.meter, SLOTS)]
    assert record.not_kept == {}
    assert record.outstanding == (household.device,)
    assert household.admin.security()["consent"] == {"state": "revoked", "erased": True}
    assert [doc["_id"] for doc in household.admin.documents()] == ["consent:granted", "consent:revoked"]
    assert household.admin.find("_design/rules") is not None
    assert place_of(centre, household) in centre.draw.drawn
    pseudonym = centre.pseudonyms.household(household.uuid)
    start, end = household.measurement(0).slot, household.measurement(SLOTS).slot
    found = [row for row in measurements(centre.worker, start, end) if row.household == pseudonym]
    assert len(found) == SLOTS
    assert centre.parked(household) == {}
    summary = centre.summary(household)
    assert (summary["name"], summary["email"], summary["erased"]) == (None, None, True)
    assert len(centre.admin.database(REGISTRY).leaves(f"household:{household.uuid}")) == 1


def test_a_worker_that_dies_after_any_change_of_a_revocation_leaves_one_outcome(centre: Any) -> None:
    died_after: list[str] = []
    while True:
        household = revoked(centre)
        if visit(centre, household, dies_after=len(died_after) + 1):
            break
        died_after.append(MortalTransport.last)
        stood_there = place_of(centre, household)
        assert visit(centre, household, dies_after=None)
        assert_erased_once(centre, household)
        if stood_there is not None:
            assert place_of(centre, household) == stood_there, "a second place was published"
    assert_erased_once(centre, household)
    assert len(died_after) > 20, died_after
    for request in ("PUT _security", "DELETE household-", "PUT context", "PUT erasure"):
        assert any(one.startswith(request) for one in died_after), died_after


def test_workers_that_die_again_and_again_come_to_an_end(centre: Any) -> None:
    household = revoked(centre)
    deaths = 0
    places = set()
    while not visit(centre, household, dies_after=2 + deaths // 8):
        deaths += 1
        places.add(str(place_of(centre, household)))
    assert deaths > 10
    assert_erased_once(centre, household)
    assert len(places - {"None"}) == 1, "one place only was ever published"


def test_a_worker_that_lost_its_lease_destroys_nothing(centre: Any) -> None:
    household = revoked(centre)
    asked = 0

    def lost_when_it_matters() -> None:
        nonlocal asked
        asked += 1
        record = find_erasure(centre.worker.database(REGISTRY), household.uuid)
        if record is not None and record.done(Step.CONTEXT_ANONYMIZED):
            raise LeaseLost("another worker is at it.")

    with centre.connect() as connections, pytest.raises(LeaseLost):
        centre.new_worker()._visitor(household.uuid).visit(
            connections, threading.Event(), lost_when_it_matters
        )
    assert household.admin.find("registration") is not None
    assert asked > 0
    assert visit(centre, household, dies_after=None)
    assert_erased_once(centre, household)


def test_a_paused_worker_brings_no_exact_place_and_no_name_back(centre: Any) -> None:
    """It read the facts while consent was granted, and writes when another has erased them."""
    household = centre.household()
    household.consent("granted")
    paused, go_on = threading.Event(), threading.Event()

    def pause() -> None:
        if not paused.is_set():
            paused.set()
            assert go_on.wait(30)

    def late_visit() -> None:
        connections = centre.connect()
        for server in (connections.admin, connections.worker):
            server.transport.__class__ = Pausing
        Pausing.before_context = staticmethod(pause)
        with connections:
            centre.new_worker()._visitor(household.uuid).visit(connections, threading.Event())

    late = threading.Thread(target=late_visit)
    late.start()
    assert paused.wait(30)
    assert visit(centre, household, dies_after=None)
    household.measure(range(SLOTS))
    household.consent("revoked")
    assert visit(centre, household, dies_after=None)
    go_on.set()
    late.join(30)
    assert not late.is_alive()
    assert visit(centre, household, dies_after=None)
    assert_erased_once(centre, household)


class Pausing(Transport):
    """Stops right before it writes a context for the first time."""

    before_context: Any = None

    def request(self, method: str, *path: str, **options: Any) -> Any:
        if method == "PUT" and path[-1].startswith("context:"):
            type(self).before_context()
        return super().request(method, *path, **options)

"""A worker that dies after any of its requests, and the one that starts after it."""

import threading
from typing import Any

from anonymizer.connections import Centre
from couch.bootstrap import security_consent
from couch.documents import ConsentState
from couch.research import measurements
from couch.transport import Transport


class Killed(Exception):
    """The process ended right after a request was answered by the database."""


class MortalTransport(Transport):
    """Dies after its n-th request that changes something; None lives on."""

    left: int | None = None

    def request(self, method: str, *path: str, **options: Any) -> Any:
        answer = super().request(method, *path, **options)
        changes = method in ("PUT", "DELETE") or path[-1] == "_bulk_docs"
        if changes and MortalTransport.left is not None:
            MortalTransport.left -= 1
            if MortalTransport.left <= 0:
                raise Killed
        return answer


def mortal(centre: Any) -> Centre:
    connections = centre.connect()
    for server in (connections.admin, connections.worker):
        server.transport.__class__ = MortalTransport
    return connections


def until_it_lives(centre: Any, household: Any) -> int:
    """Start worker after worker, each dying one change later than the one before; how many died."""
    deaths = 0
    while True:
        worker = centre.new_worker()
        MortalTransport.left = deaths + 1
        try:
            with mortal(centre) as connections:
                worker._visitor(household.uuid).visit(connections, threading.Event())
        except Killed:
            deaths += 1
        else:
            return deaths
        finally:
            MortalTransport.left = None


def test_a_worker_that_dies_after_any_change_loses_and_doubles_nothing(centre: Any) -> None:
    household = centre.household()
    household.consent("granted")
    deaths = until_it_lives(centre, household)
    assert security_consent(household.admin.security()) is ConsentState.GRANTED
    assert centre.context(household)["consent"] == "granted"
    household.measure(range(45))  # three batches in two months
    deaths += until_it_lives(centre, household)
    household.consent("revoked")
    deaths += until_it_lives(centre, household)
    assert deaths >= 6, "it died in every phase"

    pseudonym = centre.pseudonyms.household(household.uuid)
    start = household.measurement(0).slot
    found = list(measurements(centre.worker, start, household.measurement(50).slot))
    assert [row.slot for row in found if row.household == pseudonym] == [
        household.measurement(slot).slot for slot in range(45)
    ]
    assert centre.parked(household) == {}
    assert centre.context(household)["consent"] == "revoked"
    assert centre.summary(household)["consent"] == "revoked"
    assert centre.summary(household)["last_slot"] == "2025-07-01T10:00:00Z"

"""What the centre refuses is neither lost nor silent (design section 6).

At every moment, for the device: what it holds = what the centre holds + what was refused, by name and reason.
It is offered again after each change of state, counted in the heartbeat, and shown in the registry.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from attack_world import AT, Home, Json, World

from anonymizer.household_facts import read_facts
from anonymizer.summaries import summarize
from couch.bootstrap import raise_consent
from couch.client import Database
from couch.documents import ConsentState, HouseholdSummary
from couch.replication import Ledger, offer_again
from edge import heartbeat, reconcile
from edge.heartbeat import Vitals

NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
NOT_GRANTED = "_security.consent: consent is not granted"
OWN = ("consent:", "report:", "answer:", "gap:", "measurement:")
Revisions = set[tuple[str, str]]


@dataclass
class Pair:
    """A household at the centre and its device; `as_device` and `agent` are their accounts."""

    centre: Home
    replica: Home
    as_device: Database
    agent: Database

    def measure(self, *numbers: int) -> None:
        docs = [self.replica.measurement(number) for number in numbers]
        assert not [row for row in self.agent.bulk(docs) if row.error]

    def smuggle(self, doc: Json) -> None:
        """What stands in the replica from a time before today's rules."""
        rules = self.replica.stored("_design/rules")
        self.replica.admin.delete("_design/rules", rules["_rev"])
        self.replica.admin.put(doc)
        self.replica.admin.put({key: value for key, value in rules.items() if key != "_rev"})

    def held(self) -> Revisions:
        """The device's own documents, revision for revision."""
        return {row for row in self.agent.rows() if row[0].startswith(OWN)}

    def at_the_centre(self) -> Revisions:
        """Of those, what the centre holds, whether it wins there or not."""
        held = self.held()
        lacked = self.as_device.revs_diff({doc_id: [rev] for doc_id, rev in held})
        return {(doc_id, rev) for doc_id, rev in held if doc_id not in lacked}

    def offer(self) -> Ledger:
        """Offered again; the books must balance."""
        ledger = offer_again(self.as_device, self.agent)
        refused = [doc_id for doc_id, _ in ledger.refused]
        at_the_centre = self.at_the_centre()
        assert len(refused) == len(set(refused))
        assert {doc_id for doc_id, _ in self.held() - at_the_centre} == set(refused)
        assert len(self.held()) == len(at_the_centre) + len(ledger.refused)
        assert ledger.held + ledger.sent == len(at_the_centre)
        assert ledger.missing == ledger.sent + len(ledger.refused)
        assert all(reason for _, reason in ledger.refused)
        return ledger


@pytest.fixture
def pair(world: World) -> Iterator[Pair]:
    """A device that measures already, while the centre does not know of the grant."""
    centre, replica = world.new_home("not_granted"), world.new_home("replica granted")
    pair = Pair(centre, replica, world.database("device", centre.name), world.database("agent", replica.name))
    yield pair
    pair.as_device.server.close()
    pair.agent.server.close()


def reasons(ledger: Ledger) -> dict[str, str]:
    return dict(ledger.refused)


def test_the_books_balance_through_every_state_of_consent(pair: Pair, world: World) -> None:
    pair.measure(3, 4)
    page = world.database("page", pair.replica.name)
    page.put(pair.replica.report())
    answer = {"_id": f"answer:{pair.replica.uuid}", "type": "answer", "order": pair.replica.uuid}
    pair.agent.put({**answer, "device": pair.replica.device, "at": AT, "done": True})

    before = pair.offer()  # the grant, the report and the answer go; four measurements and a gap must wait
    assert before.sent == 3
    assert len(before.refused) == 5
    assert {reason.partition(" ")[2] for _, reason in before.refused} == {NOT_GRANTED}

    raise_consent(pair.centre.admin, ConsentState.GRANTED)
    granted = pair.offer()
    assert (granted.held, granted.sent, granted.refused) == (3, 5, ())

    pair.measure(5, 6)
    raise_consent(pair.centre.admin, ConsentState.REVOKED)  # by letter: the device does not know yet
    pair.measure(7)
    page.put(pair.replica.consent("revoked"))
    page.server.close()
    revoked = pair.offer()
    assert revoked.sent == 1  # its own revocation
    assert reasons(revoked) == {
        pair.replica.measurement(number)["_id"]: f"measurement {NOT_GRANTED}" for number in (5, 6, 7)
    }
    assert reasons(pair.offer()) == reasons(revoked)  # again and again, the same names


def test_what_no_state_lets_in_stays_named(pair: Pair) -> None:
    raise_consent(pair.centre.admin, ConsentState.GRANTED)
    broken = pair.replica.gap(number=60, cause="?!")
    foreign = pair.replica.measurement(61, device=pair.replica.other_device)
    for doc in (broken, foreign):
        pair.smuggle(doc)
    ledger = pair.offer()
    assert reasons(ledger) == {
        broken["_id"]: "gap cause: a lower-case name of at most 40 characters",
        foreign["_id"]: "measurement device: only the device itself may write this",
    }


def test_a_household_that_was_erased_takes_nothing_and_every_document_is_named(
    pair: Pair, world: World
) -> None:
    erased = world.new_home("erased")
    pair.as_device = world.database("device", erased.name)
    pair.measure(8)
    ledger = pair.offer()
    assert ledger.sent == 0
    assert {doc_id.partition(":")[0] for doc_id, _ in ledger.refused} == {"measurement", "gap"}
    assert ledger.held == 1  # the grant, which stands there in the same words
    assert {reason.partition(" ")[2] for _, reason in ledger.refused} == {
        "_security.consent: this household was erased"
    }


def test_refusals_are_counted_in_the_heartbeat_and_shown_in_the_registry(pair: Pair, world: World) -> None:
    device = {"_id": f"device:{pair.centre.device}", "type": "device", "device": pair.centre.device}
    world.database("worker", pair.centre.name).put({**device, "name": "cellar"})
    shown: list[int] = []
    for state in (ConsentState.NOT_GRANTED, ConsentState.GRANTED):
        raise_consent(pair.centre.admin, state)
        ledger = pair.offer()
        kept = reconcile.keep(pair.agent, ledger, NOW)
        assert {(one.id, one.reason) for one in kept.refusals} == set(ledger.refused)
        vitals = Vitals(refused=kept.refused)
        heartbeat.send(pair.as_device, heartbeat.heartbeat(pair.centre.device, vitals, NOW, {}))
        shown.append(summary(pair.centre, state).devices[0].refused)
    assert shown == [3, 0]


def summary(home: Home, state: ConsentState) -> HouseholdSummary:
    """What the worker writes of the household into the registry, where the pages read it."""
    unreadable: list[Any] = []
    facts = read_facts(home.admin, lambda doc, _err: unreadable.append(doc["_id"]))
    assert set(unreadable) <= {"registration", f"meter:{home.meter}"}  # cut short for these tests
    before = HouseholdSummary(household=home.uuid, pseudonym="0" * 32)
    return summarize(before, facts, state, NOW)

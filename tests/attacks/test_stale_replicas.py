"""A replica that its owner did what he wanted with, pushed by a real replicator with the device's account.

The replica has no rules, as on a device whose administrator took them away, and holds what a stale, restored
or forged one can hold. What must be true afterwards is counted at the centre.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from attack_world import NAME, Home, Json, World
from attack_world import outcome as said

from couch.bootstrap import closed_security
from couch.client import Database, Server
from couch.compaction import compact
from couch.documents import ConsentState
from couch.errors import CouchError
from couch.replication import Outcome, Site, outcome
from couch.settings import Account, Endpoint

F = "f" * 32
TIMEOUT_S = 60


@dataclass(frozen=True)
class Replica:
    """`fill`: what stands in it; `taken`: what of that the centre stores, without effect on consent."""

    name: str
    state: str
    fill: Callable[[Database, Home], None]
    taken: tuple[str, ...] = ()
    who: str = "device"


def write(replica: Database, *docs: Json) -> None:
    assert not [row for row in replica.bulk(docs) if row.error is not None]


def forge(replica: Database, doc: Json, start: int = 99, ids: tuple[str, ...] = (F,)) -> None:
    forged = {**doc, "_rev": f"{start}-{ids[0]}", "_revisions": {"start": start, "ids": list(ids)}}
    assert replica.bulk([forged], new_edits=False) == []


def as_it_stood(replica: Database, home: Home, *ids: str) -> None:
    """What was replicated while all was well: the centre's own revisions."""
    docs = home.admin.bulk_get([(doc_id, None) for doc_id in ids], revs=True)
    assert replica.bulk(docs, new_edits=False) == []


def edited_offline(replica: Database, home: Home) -> None:
    as_it_stood(replica, home, "registration", "consent:granted")
    for number in range(2):
        stored = replica.get("registration")
        replica.put({**stored, "contact": {"name": NAME, "phone": f"0431 {number}"}})


def measured_on(replica: Database, home: Home) -> None:
    as_it_stood(replica, home, "consent:granted")
    write(replica, *(home.measurement(number) for number in range(10, 20)), home.gap(30))


def granted_again(replica: Database, home: Home) -> None:
    as_it_stood(replica, home, "consent:granted", "consent:revoked")
    revoked = replica.get("consent:revoked")
    replica.delete("consent:revoked", revoked["_rev"])
    granted = replica.get("consent:granted")
    replica.put({**granted, "at": "2030-01-01T00:00:00Z"})


def deleted_and_written_anew(replica: Database, home: Home) -> None:
    as_it_stood(replica, home, "consent:revoked")
    replica.delete("consent:revoked", replica.get("consent:revoked")["_rev"])
    replica.put({"_id": "consent:revoked", "type": "consent", "state": "granted"})


def forged_to_win(replica: Database, home: Home) -> None:
    forge(replica, {"_id": "consent:revoked", "_deleted": True})
    forge(replica, home.consent("granted"))
    forge(replica, home.registration())
    forge(replica, home.measurement(0))


def a_thousand_generations(replica: Database, home: Home) -> None:
    first = home.rev("consent:revoked").partition("-")[2]
    ids = (*(f"{number:032x}" for number in range(999, 1, -1)), first)
    forge(replica, {"_id": "consent:revoked", "_deleted": True}, 999, ids)


def another_first_grant(replica: Database, home: Home) -> None:
    forge(replica, home.consent("granted", at="2030-01-01T00:00:00Z"), 1)


def before_the_revocation(replica: Database, home: Home) -> None:
    """Restored from a backup of the time under consent, as a real device holds it."""
    docs = [home.registration(), {"_id": f"meter:{home.meter}", "type": "meter", "meter": home.meter}]
    write(replica, *docs, home.consent("granted"), *(home.measurement(number) for number in range(4)))


def everything(replica: Database, home: Home) -> None:
    before_the_revocation(replica, home)
    forge(replica, {"_id": "consent:revoked", "_deleted": True})
    write(replica, home.report(), home.gap(8), home.heartbeat())


def weaker_rules(replica: Database, home: Home) -> None:
    replica.put({"_id": "_design/rules", "validate_doc_update": "function () {}"})
    replica.put({"_id": "_design/more", "validate_doc_update": "function () {}"})


def ten_measurements(replica: Database, home: Home) -> None:
    write(replica, *(home.measurement(number) for number in range(10, 20)), home.gap(30))


REPLICAS = [
    Replica("two offline edits of the registration", "revoked", edited_offline),
    Replica("ten measurements and a gap", "revoked", measured_on),
    Replica("the revocation deleted, the grant renewed", "revoked", granted_again),
    Replica("the revocation deleted and written anew", "revoked", deleted_and_written_anew),
    Replica("four revisions 99-...", "revoked", forged_to_win),
    Replica("a tombstone over 999 generations", "revoked", a_thousand_generations),
    Replica("a second first grant", "revoked", another_first_grant, ("consent:granted",)),
    Replica("a backup of the time under consent", "revoked", before_the_revocation),
    Replica("everything", "revoked", everything, ("heartbeat", "report")),
    Replica("rules of its own", "revoked", weaker_rules),
    Replica("ten measurements and a gap", "not_granted", ten_measurements),
    Replica("ten measurements and a gap", "erased", measured_on),
    Replica("a backup of the time under consent", "erased", before_the_revocation),
    Replica("everything", "erased", everything),
    Replica("everything", "erased", everything, who="researcher"),
    Replica("everything", "erased", everything, who="worker"),
]


@pytest.fixture
def replica(couch_server: Server, fresh_name: Callable[..., str]) -> Database:
    """Without rules: only the server's administrator is here."""
    database = couch_server.database(fresh_name("replica"))
    couch_server.create_database(database.name)
    database.set_security(closed_security([]))
    return database


def leaves(database: Database) -> set[tuple[str, str]]:
    """Every leaf revision, of design documents too."""
    changes = database.changes(limit=10_000, include_docs=False).changes
    return {(change.id, rev) for change in changes for rev in change.revs}


def push(world: World, who: str, replica: Database, home: Home, admin: Account, **more: Any) -> Outcome:
    """All of it, without a selector."""
    account = world.account_of(who)
    source = Site(world.url, replica.name, admin.user, admin.password)
    target = Site(world.url, home.name, account.user, account.password)
    ends = {"source": source.endpoint(), "target": target.endpoint()}
    return outcome(world.admin.replicate({**ends, **more}, timeout_s=TIMEOUT_S))


@pytest.mark.parametrize("compacted", [False, True], ids=["", "after compaction"])
@pytest.mark.parametrize("row", REPLICAS, ids=lambda row: f"{row.state}: {row.who}: {row.name}")
def test_a_replica(
    row: Replica, compacted: bool, world: World, replica: Database, couch_admin: Endpoint
) -> None:
    home = world.new_home(row.state)
    row.fill(replica, home)
    if compacted:
        compact(home.admin, None)
        compact(replica, None)
    before, offered = leaves(home.admin), leaves(replica)
    admin = Account(couch_admin.user, couch_admin.password)
    pushed = push(world, row.who, replica, home, admin)

    new = leaves(home.admin) - before
    assert len(new) == len(row.taken)
    assert all(doc_id.startswith(row.taken) for doc_id, _ in new)
    assert pushed.written == len(new)
    # every revision that the centre has not got was counted as refused: none vanished without a trace
    assert pushed.failures == len(offered - before) - len(new)
    assert pushed.failures > 0 or row.taken
    world.consent_is_as_it_was(home)

    again = push(world, row.who, replica, home, admin, since_seq="0")
    assert (again.written, again.failures) == (0, pushed.failures)
    assert leaves(home.admin) - before == new
    world.consent_is_as_it_was(home)


def test_a_replica_of_another_household_s_device_gets_no_further_than_the_door(
    world: World, replica: Database, couch_admin: Endpoint
) -> None:
    home = world.home("revoked")
    before = home.snapshot()
    everything(replica, home)
    admin = Account(couch_admin.user, couch_admin.password)
    with pytest.raises(CouchError):
        push(world, "other household's device", replica, home, admin)
    assert home.snapshot() == before


def test_a_stale_device_learns_of_the_revocation_by_its_next_pull(
    world: World, couch_admin: Endpoint
) -> None:
    """The grant that it renewed meanwhile stands beside the revocation, without effect on either side."""
    home, device = world.new_home("revoked"), world.new_home("replica granted")
    pull = world.account_of("pull")
    body = {
        "source": Site(world.url, home.name, couch_admin.user, couch_admin.password).endpoint(),
        "target": Site(world.url, device.name, pull.user, pull.password).endpoint(),
        "doc_ids": ["registration", "location", "consent:granted", "consent:revoked"],
    }
    assert outcome(world.admin.replicate(body, timeout_s=TIMEOUT_S)).failures == 0
    assert device.after_the_worker() is ConsentState.REVOKED
    measured = world.ask("agent", "POST", f"{device.name}/_bulk_docs", {"docs": [device.measurement()]})
    assert said(measured).startswith("refused measurement _security.consent")

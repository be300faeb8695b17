"""Replication control between a replica and its household's database, driven by the replica's server."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from couch.bootstrap import ensure_database, household_security, raise_consent, replica_security
from couch.client import Database, Server
from couch.documents import Author, Consent, ConsentState, Json, Measurement, Reading, TimeProvenance
from couch.errors import AccessDenied, Unreachable
from couch.names import AGENT, PAGE, PULL, PUSH, RESEARCHER, device_roles, household_of
from couch.replication import (
    PUSH_ALWAYS,
    PUSH_GRANTED,
    Site,
    centre_consent,
    missing_at,
    offer_again,
    pull,
    pull_ids,
    push,
    push_selector,
)
from couch.settings import Account, Endpoint, Secret

WITHIN_S = 60
START = datetime(2025, 7, 1, tzinfo=UTC)
METER = "00000000-0000-4000-8000-00000000000a"


@dataclass(frozen=True)
class Pair:
    """A device's replica and its household's database, each as the accounts that use it."""

    device: str
    local: Server  # the administrator: consent in `_security`, `_replicate`
    centre_admin: Database
    replica_admin: Database
    centre: Database  # as the device
    researcher: Database
    agent: Database
    page: Database
    centre_site: Site
    pull_site: Site
    push_site: Site

    def measure(self, slot: int) -> Json:
        """Store the measurement of the `slot`-th slot on the device."""
        at = START + slot * timedelta(minutes=15)
        doc = Measurement(
            meter=METER,
            measured_at=at,
            slot=at,
            device=self.device,
            data=(Reading(obis="0100010800ff", value=slot, scaler=-1, unit="Wh"),),
            time=TimeProvenance(source="synchronized"),
        ).to_json()
        self.agent.put_once(doc)
        return doc

    def grant(self) -> None:
        """The participant grants on the device's page, and the agent takes note."""
        by = Author(role="participant", device=self.device)
        self.page.put_once(Consent(state="granted", at=START, by=by).to_json())
        raise_consent(self.replica_admin, ConsentState.GRANTED)

    def push(self, selector: Json) -> tuple[int, int]:
        done = push(self.local, self.push_site, self.centre_site, selector, timeout_s=WITHIN_S)
        return done.written, done.failures

    def pull(self) -> tuple[int, int]:
        ids = pull_ids(self.centre, self.agent)
        done = pull(self.local, self.centre_site, self.pull_site, ids, timeout_s=WITHIN_S)
        return done.written, done.failures


@pytest.fixture
def pair(
    couch_server: Server,
    couch_admin: Endpoint,
    fresh_name: Callable[..., str],
    fresh_account: Callable[..., Account],
    role_account: Callable[..., Account],
) -> Iterator[Pair]:
    servers: list[Server] = []

    def at(account: Account, database: str) -> Database:
        servers.append(Server(couch_admin.url, user=account.user, password=account.password))
        return servers[-1].database(database)

    def site(account: Account, database: str) -> Site:
        return Site(couch_admin.url, database, account.user, account.password)

    household, replica = fresh_name("household"), fresh_name("replica")
    uuid_of_household = household_of(household) or ""
    device = str(uuid.uuid4())
    remote = fresh_account(*device_roles(uuid_of_household, device))
    centre_admin = ensure_database(
        couch_server, household, "household", household_security(uuid_of_household)
    )
    replica_admin = ensure_database(couch_server, replica, "replica", replica_security())
    yield Pair(
        device,
        couch_server,
        centre_admin,
        replica_admin,
        at(remote, household),
        at(role_account(RESEARCHER), household),
        at(role_account(AGENT), replica),
        at(role_account(PAGE), replica),
        site(remote, household),
        site(role_account(PULL), replica),
        site(role_account(PUSH), replica),
    )
    for server in servers:
        server.close()


def test_what_the_centre_writes_is_pulled_by_id(pair: Pair) -> None:
    pair.researcher.put(
        {"_id": "location", "type": "location", "latitude": 50.0, "longitude": 8.0, "source": "manual"}
    )
    meter = {"_id": f"meter:{METER}", "type": "meter", "meter": METER, "meter_type": "ELECTRICITY"}
    rev = pair.researcher.put(meter)
    assert pull_ids(pair.centre, pair.agent) == [
        "consent:granted",
        "consent:revoked",
        "location",
        f"meter:{METER}",
        "registration",
    ]
    assert pair.pull() == (2, 0)
    assert pair.agent.get(f"meter:{METER}")["_rev"] == rev
    assert pair.pull() == (0, 0)


def test_the_deletion_of_a_meter_at_the_centre_arrives(pair: Pair) -> None:
    rev = pair.researcher.put({"_id": f"meter:{METER}", "type": "meter", "meter": METER})
    pair.pull()
    pair.researcher.delete(f"meter:{METER}", rev)
    assert pair.pull() == (1, 0)
    assert pair.agent.find(f"meter:{METER}") is None


def test_a_revocation_recorded_at_the_centre_is_pulled(pair: Pair) -> None:
    by = Author(role="researcher")
    pair.researcher.put(Consent(state="revoked", at=START, by=by).to_json())
    assert pair.pull() == (1, 0)
    assert pair.agent.get("consent:revoked")["state"] == "revoked"


def test_a_push_sends_the_device_s_documents_and_nothing_of_the_centre_s(pair: Pair) -> None:
    pair.researcher.put({"_id": f"meter:{METER}", "type": "meter", "meter": METER})
    pair.pull()
    pair.grant()
    assert pair.push(PUSH_ALWAYS) == (1, 0)
    raise_consent(pair.centre_admin, ConsentState.GRANTED)
    docs = [pair.measure(slot) for slot in range(3)]
    assert pair.push(PUSH_GRANTED) == (3, 0)
    sent = pair.centre.documents(start="measurement:", end="measurement;")
    assert [doc["data"] for doc in sent] == [doc["data"] for doc in docs]
    assert pair.push(PUSH_GRANTED) == (0, 0)


def test_tombstones_are_never_pushed(pair: Pair) -> None:
    # Written by force, as a validator of an older version might have let it in.
    pair.replica_admin.delete("_design/rules", pair.replica_admin.get("_design/rules")["_rev"])
    rev = pair.replica_admin.put({"_id": "report:x", "type": "report", "report": "x"})
    tombstone = {"_id": "report:x", "_rev": rev, "_deleted": True, "type": "report"}
    pair.replica_admin.bulk([tombstone])
    assert pair.push(PUSH_ALWAYS) == (0, 0)
    assert pair.centre.leaves("report:x") == []


def test_the_gate_opens_only_while_the_centre_shows_granted(pair: Pair) -> None:
    assert push_selector(centre_consent(pair.centre)) is PUSH_ALWAYS
    raise_consent(pair.centre_admin, ConsentState.GRANTED)
    assert push_selector(centre_consent(pair.centre)) is PUSH_GRANTED
    raise_consent(pair.centre_admin, ConsentState.REVOKED)
    assert push_selector(centre_consent(pair.centre)) is PUSH_ALWAYS


def test_with_the_gate_nothing_is_refused_and_nothing_is_lost(pair: Pair) -> None:
    pair.grant()
    pair.measure(0)
    assert pair.push(push_selector(centre_consent(pair.centre))) == (1, 0)
    raise_consent(pair.centre_admin, ConsentState.GRANTED)
    assert pair.push(push_selector(centre_consent(pair.centre))) == (1, 0)
    assert len(list(pair.centre.rows(start="measurement:", end="measurement;"))) == 1


def test_what_is_pushed_before_the_centre_knows_the_grant_is_skipped_until_it_is_offered_again(
    pair: Pair,
) -> None:
    """The trap of design section 6, without the gate, and the way out of it."""
    pair.grant()
    doc = pair.measure(0)
    assert pair.push(PUSH_GRANTED) == (1, 1)  # the consent went, the measurement was refused: job "ok"
    assert pair.centre.find(doc["_id"]) is None

    before = offer_again(pair.centre, pair.agent)
    assert (before.held, before.missing, before.sent) == (1, 1, 0)
    assert before.refused == ((doc["_id"], "measurement _security.consent: consent is not granted"),)

    raise_consent(pair.centre_admin, ConsentState.GRANTED)
    assert pair.push(PUSH_GRANTED) == (0, 0)  # the checkpoint has passed it
    assert pair.centre.find(doc["_id"]) is None

    after = offer_again(pair.centre, pair.agent)
    assert (after.held, after.missing, after.sent, after.refused) == (1, 1, 1, ())
    assert pair.centre.get(doc["_id"]) == pair.agent.get(doc["_id"])
    assert offer_again(pair.centre, pair.agent).held == 2


def test_failures_count_this_session_only(pair: Pair) -> None:
    pair.grant()
    pair.measure(0)
    assert pair.push(PUSH_GRANTED) == (1, 1)
    assert pair.push(PUSH_GRANTED) == (0, 0)
    pair.measure(1)
    assert pair.push(PUSH_GRANTED) == (0, 1)


def test_missing_at_the_centre_is_what_the_replica_holds_and_the_centre_lacks(pair: Pair) -> None:
    pair.grant()
    doc = pair.measure(0)
    rev = pair.agent.get(doc["_id"])["_rev"]
    gone = ("measurement:gone", "1-" + "a" * 32)
    ids = [(doc["_id"], rev), gone]
    assert missing_at(pair.centre, pair.agent, ids) == {doc["_id"]: [rev]}
    raise_consent(pair.centre_admin, ConsentState.GRANTED)
    pair.push(PUSH_GRANTED)
    assert missing_at(pair.centre, pair.agent, ids) == {}


def test_a_wrong_account_is_denied_without_showing_the_password(pair: Pair) -> None:
    site = Site(pair.centre_site.url, pair.centre_site.database, "nobody", Secret("hunter2"))
    with pytest.raises(AccessDenied) as caught:
        push(pair.local, pair.push_site, site, PUSH_ALWAYS, timeout_s=WITHIN_S)
    assert "hunter2" not in f"{caught.value} {site!r}"


def test_who_is_no_member_of_the_household_is_denied(pair: Pair) -> None:
    stranger = Site(
        pair.centre_site.url, pair.centre_site.database, pair.push_site.user, pair.push_site.password
    )
    with pytest.raises(AccessDenied):
        push(pair.local, pair.push_site, stranger, PUSH_ALWAYS, timeout_s=WITHIN_S)


def test_a_centre_that_cannot_be_reached_is_unreachable(pair: Pair) -> None:
    nowhere = Site("http://127.0.0.1:9", pair.centre_site.database, "device", Secret("hunter2"))
    with pytest.raises(Unreachable) as caught:
        push(pair.local, pair.push_site, nowhere, PUSH_ALWAYS, timeout_s=WITHIN_S)
    assert "hunter2" not in str(caught.value)

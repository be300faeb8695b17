"""The Data Transmitter against a real database: the grant at the centre decides."""

from datetime import timedelta
from typing import Any

from couch.documents import ConsentState, Heartbeat
from couch.refusal_ledger import read_ledger
from couch.replication import Outcome
from couch.transmission_note import read_note
from edge import heartbeat
from edge.heartbeat import Vitals
from edge.transmission import TransmissionSession

GRANTED = ConsentState.GRANTED


def session(site: Any) -> TransmissionSession:
    return TransmissionSession(site.links, site.clock, Vitals())


def test_no_measurement_leaves_while_the_centre_does_not_show_granted(site: Any) -> None:
    site.consent("granted")
    site.measure(site.aggregator(), 1)
    pushed = site.transmitter().push(GRANTED)
    assert (pushed.shown, pushed.measurements) == (ConsentState.NOT_GRANTED, False)
    assert pushed.outcome == Outcome(read=1, written=1, failures=0)  # the consent alone, and nothing refused
    assert site.slots(site.centre) == []


def test_what_was_pushed_before_the_centre_knew_the_grant_is_not_lost_behind_the_checkpoint(
    site: Any,
) -> None:
    """The trap of design section 6, by pushes alone: without the rule, slots 1 to 3 are lost."""
    site.consent("granted")
    aggregator, transmitter = site.aggregator(), site.transmitter()
    for number in (1, 2, 3):
        site.measure(aggregator, number)
        transmitter.push(GRANTED)
    site.worker_raises(GRANTED)
    site.measure(aggregator, 4)
    pushed = transmitter.push(GRANTED)
    assert pushed.outcome.failures == 0
    assert site.slots(site.centre) == [1, 2, 3, 4]


def test_a_device_whose_own_consent_is_revoked_sends_no_measurement(site: Any) -> None:
    site.consent("granted")
    site.worker_raises(GRANTED)
    site.measure(site.aggregator(), 1)
    site.consent("revoked")
    assert session(site).transmit()
    assert site.slots(site.centre) == []
    assert site.centre.find("consent:revoked") is not None


def test_measurements_taken_before_the_centre_knows_the_grant_are_not_lost(site: Any) -> None:
    site.consent("granted")
    aggregator, transmitting = site.aggregator(), session(site)
    for number in range(1, 6):
        site.measure(aggregator, number)
        if number == 4:
            site.worker_raises(GRANTED)
        assert transmitting.transmit()
    assert site.slots(site.centre) == [1, 2, 3, 4, 5]
    assert heartbeat.last_kept(site.agent).backlog == 0


def test_what_the_centre_refused_is_offered_again_and_named(site: Any) -> None:
    site.consent("granted")
    site.worker_raises(GRANTED)
    site.measure(site.aggregator(), 1)
    stray = site.settings.meters[0].meter
    refused = {"_id": f"gap:{stray}:x", "type": "gap", "meter": stray, "from_slot": "x", "to_slot": "x"}
    rules = site.replica.get("_design/rules")
    site.replica.delete("_design/rules", rules["_rev"])  # a replica older than today's rules
    site.agent.put({**refused, "device": site.settings.device, "cause": "checksum"})
    vitals = Vitals()
    assert TransmissionSession(site.links, site.clock, vitals).transmit()
    ledger = read_ledger(site.agent)
    assert (ledger.refused, vitals.refused) == (1, 1)
    assert ledger.refusals[0].id == refused["_id"]
    assert ledger.refusals[0].reason
    assert site.slots(site.centre) == [1]


def test_a_revocation_that_the_centre_refused_is_offered_again(site: Any, clock: Any) -> None:
    """The replicator's checkpoint has passed it, and no measurement may be sent any more."""
    site.consent("granted")
    site.worker_raises(GRANTED)
    vitals = Vitals()
    transmitting = TransmissionSession(site.links, site.clock, vitals)
    assert transmitting.transmit()
    rules = site.centre.get("_design/rules")
    shut = "function (doc) { if (doc._id === 'consent:revoked') throw({forbidden: 'shut'}); }"
    site.centre.put({**rules, "validate_doc_update": shut})
    site.consent("revoked")
    assert transmitting.transmit()
    ledger = read_ledger(site.agent)
    assert [(each.id, each.reason) for each in ledger.refusals] == [("consent:revoked", "shut")]
    assert vitals.refused == 1
    site.centre.replace("_design/rules", lambda _stored: {**rules})
    clock.at += timedelta(days=1)
    assert transmitting.transmit()
    assert site.centre.get("consent:revoked")["state"] == "revoked"
    assert vitals.refused == 0


def test_the_heartbeat_stands_at_the_centre_also_without_consent(site: Any) -> None:
    vitals = Vitals()
    transmitting = TransmissionSession(site.links, site.clock, vitals)
    for _ in range(2):
        assert transmitting.transmit()
    stored = Heartbeat.from_json(site.centre.get(f"heartbeat:{site.settings.device}"))
    assert stored.backlog == 0
    assert stored.versions["survey"]
    assert stored.errors == ()
    assert (stored.conflicts, stored.certificate_ends) == (0, None)  # the centre is reached without TLS
    assert heartbeat.last_kept(site.agent) is not None


def test_the_heartbeat_counts_conflicts_in_the_replica(site: Any) -> None:
    for revision in ("1-" + "a" * 32, "1-" + "b" * 32):
        start, _, hexa = revision.partition("-")
        device = {"_id": f"device:{site.settings.device}", "type": "device", "device": site.settings.device}
        doc = {
            **device,
            "name": hexa[0],
            "_rev": revision,
            "_revisions": {"start": int(start), "ids": [hexa]},
        }
        site.links.replica(site.settings.local.pull).bulk([doc], new_edits=False)
    vitals = Vitals()
    TransmissionSession(site.links, site.clock, vitals).transmit()
    assert vitals.conflicts == 1


def test_the_backlog_counts_what_waits(site: Any) -> None:
    site.consent("granted")
    aggregator, vitals = site.aggregator(), Vitals()
    transmitting = TransmissionSession(site.links, site.clock, vitals)
    for number in (1, 2):
        site.measure(aggregator, number)
    transmitting.transmit()
    assert vitals.backlog == 3  # two measurements and the consent, which the centre may know already
    site.worker_raises(GRANTED)
    transmitting.transmit()
    assert vitals.backlog == 0


def test_what_was_written_before_a_push_can_be_told_from_what_was_written_after(site: Any) -> None:
    site.consent("granted")
    decisions = ["consent:granted", "consent:revoked"]
    assert site.agent.changed_since(read_note(site.agent).decided, decisions) == {"consent:granted"}
    session(site).transmit()  # of consents alone: the centre does not show the grant yet
    assert site.agent.changed_since(read_note(site.agent).decided, decisions) == set()
    site.worker_raises(GRANTED)
    session(site).transmit()
    site.consent("revoked")
    assert site.agent.changed_since(read_note(site.agent).decided, decisions) == {"consent:revoked"}


def test_a_pull_brings_what_the_centre_wrote_and_no_measurement(site: Any) -> None:
    meter = site.settings.meters[0].meter
    researcher = site.researcher()
    researcher.put({"_id": f"meter:{meter}", "type": "meter", "meter": meter, "meter_type": "ELECTRICITY"})
    site.transmitter().pull()
    assert site.replica.get(f"meter:{meter}")["meter_type"] == "ELECTRICITY"

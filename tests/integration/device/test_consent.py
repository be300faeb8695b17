"""Consent on the device, each place called directly (design section 6)."""

import threading
from typing import Any

import pytest

from couch.bootstrap import security_consent
from couch.clock import SLOT
from couch.documents import ConsentState, Measurement, Reading, TimeProvenance
from couch.errors import Refused
from edge.consent_watch import watch


def measurement(site: Any) -> dict[str, Any]:
    slot = site.clock.now()
    return Measurement(
        meter=site.settings.meters[0].meter,
        measured_at=slot,
        slot=slot,
        device=site.settings.device,
        data=(Reading(obis="0100010800ff", value=1, scaler=0, unit="Wh"),),
        time=TimeProvenance(source="synchronized"),
    ).to_json()


def test_the_aggregator_measures_nothing_without_consent(site: Any) -> None:
    result = site.measure(site.aggregator(), 0)
    assert result.consent is ConsentState.NOT_GRANTED
    assert site.slots(site.replica) == []


def test_the_devices_validator_refuses_measurements_without_a_grant(site: Any) -> None:
    with pytest.raises(Refused, match="consent is not granted"):
        site.agent.put_once(measurement(site))
    site.consent("granted")
    site.gate().look()
    assert site.agent.put_once(measurement(site))


def test_the_devices_validator_refuses_measurements_after_a_revocation(site: Any) -> None:
    site.consent("granted")
    site.consent("revoked")
    site.gate().look()
    with pytest.raises(Refused, match="consent is not granted"):
        site.agent.put_once(measurement(site))


def test_the_state_in_security_is_never_lowered(site: Any) -> None:
    site.consent("revoked")
    site.gate().look()
    site.consent("granted")
    assert site.gate().look().state is ConsentState.REVOKED
    assert security_consent(site.replica.security()) is ConsentState.REVOKED


def test_a_revocation_at_the_centre_stops_the_device_within_one_cycle(site: Any) -> None:
    site.consent("granted")
    aggregator, transmitter = site.aggregator(), site.transmitter()
    assert site.measure(aggregator, 1).stored
    transmitter.push(ConsentState.GRANTED)
    site.consent("revoked", site.researcher())
    transmitter.pull()
    assert site.measure(aggregator, 2).consent is ConsentState.REVOKED
    assert site.slots(site.replica) == [1]


def test_consent_on_the_page_takes_effect_at_once(site: Any) -> None:
    stop, told, ended = threading.Event(), threading.Semaphore(0), threading.Event()
    own = site.links.replica(site.settings.local.agent)
    gate = site.gate()
    calls = {"transmit_now": told.release, "stop_sending": ended.set, "stop": stop}
    thread = threading.Thread(target=watch, args=(own, gate), kwargs=calls)
    thread.start()
    try:
        for state in ("granted", "revoked"):
            assert told.acquire(timeout=20)
            assert not ended.is_set()
            site.consent(state, at=site.clock.now() + SLOT)
        assert told.acquire(timeout=20)
        assert security_consent(site.replica.security()) is ConsentState.REVOKED
        assert ended.is_set()  # a push that ran may have held measurements
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()

"""The device's client and the centre's API understand each other."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from api_fakes import certificate, shown
from werkzeug.serving import make_server

from couch.documents import ConsentState, Measurement, Reading, TimeProvenance
from couch.errors import Conflict, NotFound, Refused
from edge.rest_client import RestClient

START = datetime(2026, 6, 30, 12, tzinfo=UTC)
SLOT = timedelta(minutes=15)


@pytest.fixture
def client(household: Any) -> Iterator[RestClient]:
    """A client whose certificate a listener would hand on so."""
    server = make_server("127.0.0.1", 0, household.app, threaded=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    client = RestClient(f"http://127.0.0.1:{server.server_port}", cert=None)
    client.session.headers.update(shown(certificate(household.device, household.uuid)))
    yield client
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


def measurement(household: Any, number: int, value: int = 5) -> Measurement:
    slot = START + number * SLOT
    return Measurement(
        meter=household.meter,
        measured_at=slot + timedelta(seconds=2),
        slot=slot,
        device=household.device,
        data=(Reading(obis="0100010800ff", value=value, scaler=-1, unit="Wh"),),
        time=TimeProvenance(source="dated_later", boot="8f1c", monotonic_ms=5),
        marks=("power_sign",),
    )


def test_measurements_go_there_and_come_back_as_they_were(household: Any, client: RestClient) -> None:
    household.take_effect(ConsentState.GRANTED)
    sent = [measurement(household, number) for number in range(5)]
    for one in (*sent, sent[0]):
        client.send(one)
    assert list(client.measurements(household.meter, START, START + 5 * SLOT, page=2)) == sent
    (meter,) = client.meters()
    assert (meter.meter, meter.device) == (household.meter, household.device)
    # As replication would have brought it: the same document under the same id.
    assert Measurement.from_json({**household.database.get(sent[0].id), "_rev": None}) == sent[0]


def test_refusals_say_what_to_do_next(household: Any, client: RestClient) -> None:
    with pytest.raises(Refused) as caught:
        client.send(measurement(household, 0))
    assert caught.value.error == "consent-not-granted"
    household.take_effect(ConsentState.GRANTED)
    client.send(measurement(household, 0))
    with pytest.raises(Conflict):
        client.send(measurement(household, 0, value=6))
    with pytest.raises(NotFound):
        list(client.measurements(household.device, START, START + SLOT))

"""The client of the centre's API: typed values from its pages, and one error for each next action."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from couch.documents import Measurement, Reading, TimeProvenance
from couch.errors import AccessDenied, Conflict, NotFound, Refused, Unreachable
from edge.rest_client import RestClient

METER = "5f000000-0000-4000-8000-000000000001"
DEVICE = "5f000000-0000-4000-8000-00000000aaaa"
START = datetime(2026, 6, 30, 12, tzinfo=UTC)


class Centre(BaseAdapter):
    """Gives prepared answers in order and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[requests.PreparedRequest] = []

    def send(self, request: Any, *_: Any, **options: Any) -> requests.Response:
        assert options["timeout"]
        self.asked.append(request)
        status, body = self.answers.pop(0)
        if status == 0:
            raise requests.ConnectionError("no network")
        answer = requests.Response()
        answer.status_code, answer._content = status, json.dumps(body).encode()
        answer.request, answer.url = request, request.url
        return answer

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def centre() -> Centre:
    return Centre()


@pytest.fixture
def client(centre: Centre) -> RestClient:
    client = RestClient("https://centre.example:6984", cert=("certificate.pem", "key.pem"))
    client.session.mount("https://", centre)
    return client


def measurement(slot: datetime) -> Measurement:
    return Measurement(
        meter=METER,
        measured_at=slot + timedelta(seconds=3),
        slot=slot,
        device=DEVICE,
        data=(Reading(obis="0100010800ff", value=5, scaler=-1, unit="Wh"),),
        time=TimeProvenance(source="synchronized"),
    )


def shown(one: Measurement) -> dict[str, Any]:
    body = one.to_json()
    return {"id": body.pop("_id"), **{name: value for name, value in body.items() if name != "type"}}


def test_measurements_come_page_by_page(centre: Centre, client: RestClient) -> None:
    first, last = measurement(START), measurement(START + timedelta(minutes=15))
    following = f"/household/meter/{METER}/measurement?from=2026-06-30T12%3A15%3A00Z&limit=1"
    centre.answers = [
        (200, {"items": [shown(first)], "next": following}),
        (200, {"items": [shown(last)], "next": None}),
    ]
    found = list(client.measurements(METER, START, START + timedelta(hours=1), page=1))
    assert found == [first, last]
    assert [request.url for request in centre.asked] == [
        f"https://centre.example:6984/household/meter/{METER}/measurement"
        "?from=2026-06-30T12:00:00Z&to=2026-06-30T13:00:00Z&limit=1",
        f"https://centre.example:6984{following}",
    ]


def test_a_page_on_another_host_is_not_followed(centre: Centre, client: RestClient) -> None:
    centre.answers = [(200, {"items": [], "next": "https://evil.example/household"})]
    with pytest.raises(Refused, match="another host"):
        list(client.measurements(METER, START, START))
    assert len(centre.asked) == 1


def test_meters_of_the_whole_household(centre: Centre, client: RestClient) -> None:
    item = {"meter": METER, "meter_type": "ELECTRICITY", "model": "MT175", "device": None, "pv_systems": []}
    centre.answers = [(200, {"items": [item]})]
    (meter,) = client.meters()
    assert (meter.meter, meter.device) == (METER, None)


def test_a_measurement_is_sent_without_what_the_certificate_says(centre: Centre, client: RestClient) -> None:
    centre.answers = [(201, {})]
    client.send(measurement(START))
    body = json.loads(centre.asked[0].body or b"")
    assert set(body) == {"meter", "measured_at", "slot", "data", "time", "marks"}


@pytest.mark.parametrize(
    ("status", "problem", "kind"),
    [
        (401, "certificate-unfit", AccessDenied),
        (403, "certificate-revoked", AccessDenied),
        (403, "scope-missing", AccessDenied),
        (403, "consent-revoked", Refused),
        (404, "unknown-meter", NotFound),
        (409, "measurement-differs", Conflict),
        (409, "consent-not-granted", Refused),
        (422, "invalid", Refused),
        (502, "database-refused", Unreachable),
        (503, "unavailable", Unreachable),
        (302, "", Unreachable),
        (0, "", Unreachable),
    ],
)
def test_each_problem_has_the_error_of_the_next_action(
    centre: Centre, client: RestClient, status: int, problem: str, kind: type[Exception]
) -> None:
    centre.answers = [(status, {"type": f"/api#{problem}", "detail": "words"})]
    with pytest.raises(kind) as caught:
        client.send(measurement(START))
    assert type(caught.value) is kind
    if isinstance(caught.value, Refused):
        assert (caught.value.error, caught.value.reason) == (problem, "words")


def test_an_answer_of_somebody_else_is_no_answer(centre: Centre, client: RestClient) -> None:
    centre.answers = [(200, ["a page of a hotel's network"])]
    with pytest.raises(Unreachable):
        client.meters()

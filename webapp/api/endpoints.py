"""The ten endpoints of the thesis (tables 4.2 to 4.4), each described once."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from couch import names
from couch.clock import from_rfc3339, to_rfc3339
from couch.documents import ConsentState
from webapp.api import household_data, management, measurements, resources
from webapp.api.problems import Refusal
from webapp.api.route import Answer, Call, Reply, Route
from webapp.participant.consent_record import Step, read_consent, record_consent

_TIME = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z\Z"
_Time = Annotated[
    str, Meta(pattern=_TIME, extra_json_schema={"format": "date-time"}, examples=["2026-06-01T00:00:00Z"])
]
_LINK = {"Link": "the next page, with rel=next; absent on the last"}


class TimeRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which measurements, and how many at once."""

    start: Annotated[_Time | None, Meta(description="first slot; absent: from the beginning")] = (
        msgspec.field(default=None, name="from")
    )
    end: Annotated[_Time | None, Meta(description="the slot after the last one; absent: to the end")] = (
        msgspec.field(default=None, name="to")
    )
    limit: Annotated[int, Meta(ge=1, le=1000, description="measurements on a page")] = 100


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a page of households begins, and how many stand on it."""

    start: Annotated[resources.Id | None, Meta(description="first household; absent: from the beginning")] = (
        msgspec.field(default=None, name="from")
    )
    limit: Annotated[int, Meta(ge=1, le=200, description="households on a page")] = 50


def _account(call: Call) -> Reply:
    found = household_data.read_account(call.household)
    if found is None:
        raise Refusal("not-found", "Nobody stands behind this household.")
    return Reply(found)


def _household(call: Call) -> Reply:
    return Reply(household_data.read_household(call.household, call.device.household))


def _grant(call: Call) -> Reply:
    return _step(call, "granted")


def _revoke(call: Call) -> Reply:
    return _step(call, "revoked")


def _step(call: Call, step: Step) -> Reply:
    """The same write-once document as the participant's page records; the worker does the rest."""
    household = call.household
    before = read_consent(household)
    if not before.allows(step) or not record_consent(
        household, step, device=call.device.device, now=call.services.clock.now()
    ):
        raise _stands(read_consent(household).state)
    return Reply(household_data.consent_of(read_consent(household)), 201 if step == "granted" else 200)


def _stands(state: ConsentState) -> Refusal:
    return Refusal("consent-ended" if state is ConsentState.REVOKED else "consent-stands", consent=state)


def _devices(call: Call) -> Reply:
    return Reply(household_data.read_devices(call.household))


def _meters(call: Call) -> Reply:
    return Reply(household_data.read_meters(call.household))


def _pv_systems(call: Call) -> Reply:
    return Reply(household_data.read_pv_systems(call.household))


def _measurements(call: Call) -> Reply:
    query: TimeRange = call.query
    start, end = _moment(query.start, "from"), _moment(query.end, "to")
    if start is not None and end is not None and start > end:
        reason = "it lies after `to`"
        raise Refusal("bad-query", f"from: {reason}.", errors=[{"field": "from", "reason": reason}])
    items, following = measurements.read_page(call.household, call.ids["meter"], start, end, query.limit)
    after = {"from": to_rfc3339(following), "to": query.end} if following else None
    link, headers = _next(call.path, after, query.limit)
    return Reply(resources.Measurements(items=items, next=link), headers=headers)


def _measure(call: Call) -> Reply:
    document = measurements.document_of(call.body, call.device.device)
    new = measurements.store(call.household, document)
    place = f"/household/meter/{document.meter}/measurement"
    address = f"{place}?{urlencode({'from': to_rfc3339(document.slot), 'limit': 1})}"
    return Reply(measurements.measurement_of(document), 201 if new else 200, {"Location": address})


def _households(call: Call) -> Reply:
    query: Place = call.query
    items, following = management.read_page(call.services.registry(), query.start, query.limit)
    link, headers = _next(call.path, {"from": following} if following else None, query.limit)
    return Reply(resources.ManagedHouseholds(items=items, next=link), headers=headers)


def _moment(text: str | None, field: str) -> datetime | None:
    try:
        return None if text is None else from_rfc3339(text)
    except ValueError:
        reason = "there is no such day"
        raise Refusal(
            "bad-query", f"{field}: {reason}.", errors=[{"field": field, "reason": reason}]
        ) from None


def _next(path: str, place: dict[str, str | None] | None, limit: int) -> tuple[str | None, dict[str, str]]:
    """The address of the next page and the header that names it; a reference within this host."""
    if place is None:
        return None, {}
    known = {name: value for name, value in place.items() if value is not None}
    address = f"{path}?{urlencode({**known, 'limit': limit})}"
    return address, {"Link": f'<{address}>; rel="next"'}


ROUTES: tuple[Route, ...] = (
    Route(
        number=1,
        method="GET",
        path="/account",
        act=_account,
        scope="account",
        summary="The participant who stands behind the household",
        description="404 where nobody does: the household was erased.",
        answers={200: Answer(resources.Account, "name and email")},
    ),
    Route(
        number=2,
        method="GET",
        path="/household",
        act=_household,
        scope="household",
        summary="The household of the calling device",
        description="What was registered, where it is, and the state of its consent.",
        answers={200: Answer(resources.Household, "the household")},
    ),
    Route(
        number=3,
        method="POST",
        path="/household/consent",
        act=_grant,
        scope="consent",
        summary="Grant consent",
        description="Once, and only where nothing was granted or revoked: a revocation cannot be reversed. "
        "There is no body. Measurements are taken once the centre shows the grant, seconds later.",
        answers={201: Answer(resources.Consent, "granted now")},
        problems=("consent-stands", "consent-ended"),
    ),
    Route(
        number=4,
        method="DELETE",
        path="/household/consent",
        act=_revoke,
        scope="consent",
        summary="Revoke consent",
        description="At once and for good: the household is anonymized, its contact details are erased, and "
        "nothing can be granted again. There is no body. The same as revoking on the participant's page.",
        answers={200: Answer(resources.Consent, "revoked now")},
        problems=("consent-ended",),
    ),
    Route(
        number=5,
        method="GET",
        path="/household/measurement_device",
        act=_devices,
        scope="household",
        summary="The devices of the household",
        description="With the version of each component and the newest sign of life.",
        answers={200: Answer(resources.MeasurementDevices, "every device")},
    ),
    Route(
        number=6,
        method="GET",
        path="/household/meter",
        act=_meters,
        scope="household",
        summary="The meters of the household",
        description="With the device that reads each, and the photovoltaic systems that it counts.",
        answers={200: Answer(resources.Meters, "every meter")},
    ),
    Route(
        number=7,
        method="GET",
        path="/household/meter/{meter}/measurement",
        act=_measurements,
        scope="measurement-read",
        query=TimeRange,
        summary="The measurements of a meter",
        description="Oldest first, page by page: follow `next` or the header Link. "
        "404 for every meter that the household does not have.",
        answers={200: Answer(resources.Measurements, "a page of measurements", _LINK)},
    ),
    Route(
        number=8,
        method="POST",
        path="/household/meter/measurement",
        act=_measure,
        scope="measurement-write",
        body=resources.NewMeasurement,
        summary="Store a measurement of the calling device",
        description="The same measurement may be sent again and again: it is stored once, with the same "
        "answer. Other content for the same meter and slot is refused. Measurements that come in here are "
        "bound by the rules that bind replication.",
        answers={
            201: Answer(resources.Measurement, "stored now", {"Location": "where it can be read"}),
            200: Answer(
                resources.Measurement, "it stood there already", {"Location": "where it can be read"}
            ),
        },
        problems=(
            "consent-not-granted",
            "consent-revoked",
            "measurement-differs",
            "rules-refused",
            "unknown-meter",
        ),
    ),
    Route(
        number=9,
        method="GET",
        path="/household/pv_system",
        act=_pv_systems,
        scope="household",
        summary="The photovoltaic systems of the household",
        description="With the generation meters that count each.",
        answers={200: Answer(resources.PvSystems, "every system")},
    ),
    Route(
        number=10,
        method="GET",
        path="/management/household",
        act=_households,
        roles=(names.RESEARCHER, names.ADMINISTRATOR),
        query=Place,
        summary="Every household, its consent and the health of its devices",
        description="For researchers and administrators who signed in, page by page: follow `next` or the "
        "header Link.",
        answers={200: Answer(resources.ManagedHouseholds, "a page of households", _LINK)},
    ),
)

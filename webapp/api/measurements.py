"""A meter's measurements: read by time, and written once under the rules that bind replication too."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice

from couch import documents as stored
from couch.bootstrap import security_consent
from couch.client import Database
from couch.clock import slot_of
from couch.documents import ConsentState, consent_state, stamp, utc
from couch.errors import BadDocument, Conflict, Refused
from webapp.api import resources
from webapp.api.problems import Refusal

_FIRST_YEAR, _LAST_YEAR = 1970, 2099  # a device that lost its clock measures in 1970 and says so
_END = "~"  # after every time in an id
_SOON_S = "5"  # the worker makes a recorded grant take effect within seconds


def read_page(
    household: Database, meter: str, start: datetime | None, end: datetime | None, limit: int
) -> tuple[tuple[resources.Measurement, ...], datetime | None]:
    """Measurements of slots in [start, end), oldest first, and the slot that begins the next page.

    What cannot be understood is left out: one odd document must not cost the reader the others.
    Raises Refusal when the household has no such meter, registered or measured.
    """
    prefix = f"measurement:{meter}:"
    first = prefix + (stamp(start) if start else "")
    last = prefix + (stamp(end) if end else _END)
    rows = (doc for doc in household.documents(start=first, end=last, page=limit + 1) if doc["_id"] != last)
    docs = list(islice(rows, limit + 1))
    if not docs and household.find(f"meter:{meter}") is None and not _measured(household, prefix):
        raise Refusal("not-found")
    following = _slot_in(docs[limit]["_id"], prefix) if len(docs) > limit else None
    return tuple(found for doc in docs[:limit] if (found := _readable(doc)) is not None), following


def _measured(household: Database, prefix: str) -> bool:
    return next(iter(household.documents(start=prefix, end=prefix + _END, page=1)), None) is not None


def _slot_in(doc_id: str, prefix: str) -> datetime:
    return datetime.fromisoformat(doc_id.removeprefix(prefix))


def _readable(doc: stored.Json) -> resources.Measurement | None:
    try:
        return measurement_of(stored.Measurement.from_json(doc))
    except BadDocument:
        return None


def measurement_of(document: stored.Measurement) -> resources.Measurement:
    """The document as the API shows it."""
    return resources.Measurement(
        id=document.id,
        meter=document.meter,
        measured_at=document.measured_at,
        slot=document.slot,
        device=document.device,
        data=tuple(
            resources.Reading(
                obis=reading.obis, value=reading.value, scaler=reading.scaler, unit=reading.unit
            )
            for reading in document.data
        ),
        time=resources.TimeProvenance(
            source=document.time.source,
            boot=document.time.boot,
            monotonic_ms=document.time.monotonic_ms,
            meter_seconds=document.time.meter_seconds,
        ),
        marks=document.marks,
    )


def document_of(new: resources.NewMeasurement, device: str) -> stored.Measurement:
    """The document of a measurement by `device`. Raises Refusal where its times cannot be."""
    measured_at = _sane(new.measured_at, "measured_at")
    slot = slot_of(measured_at) if new.slot is None else _sane(new.slot, "slot")
    if slot != slot_of(slot):
        raise _invalid("slot", "a slot begins at minute 0, 15, 30 or 45")
    return stored.Measurement(
        meter=new.meter,
        measured_at=measured_at,
        slot=slot,
        device=device,
        data=tuple(
            stored.Reading(obis=reading.obis, value=reading.value, scaler=reading.scaler, unit=reading.unit)
            for reading in new.data
        ),
        time=stored.TimeProvenance(
            source=new.time.source,
            boot=new.time.boot,
            monotonic_ms=new.time.monotonic_ms,
            meter_seconds=new.time.meter_seconds,
        ),
        marks=new.marks,
    )


def store(household: Database, document: stored.Measurement) -> bool:
    """Write it; False when the same stands there already. Raises Refusal, CouchError."""
    meter_id = f"meter:{document.meter}"
    here = {doc["_id"]: doc for doc in household.documents(keys=[*_CONSENTS, meter_id])}
    check_consent(consent_state(here.values()), lambda: security_consent(household.security()))
    if meter_id not in here:
        raise Refusal("unknown-meter")
    try:
        return household.put_once(document.to_json())
    except Conflict:
        raise Refusal("measurement-differs") from None
    except Refused as err:
        if err.error != "forbidden":
            raise
        # The consent may have changed since we looked: that has its own words.
        check_consent(ConsentState.GRANTED, lambda: security_consent(household.security()))
        raise Refusal("rules-refused", f"The rule says: {err.reason}.") from None


def check_consent(recorded: ConsentState, in_force: Callable[[], ConsentState]) -> None:
    """Raises Refusal unless consent is granted: `recorded` in documents, and `in_force` for the validators.

    A recorded revocation counts at once; a recorded grant once the worker let it take effect.
    """
    if recorded is ConsentState.REVOKED:
        raise Refusal("consent-revoked", consent=ConsentState.REVOKED)
    state = in_force()
    if state is ConsentState.REVOKED:
        raise Refusal("consent-revoked", consent=state)
    if state is not ConsentState.GRANTED:
        pending = recorded is ConsentState.GRANTED
        raise Refusal(
            "consent-not-granted",
            "The grant is recorded and takes effect in a moment: send it again then." if pending else "",
            headers={"Retry-After": _SOON_S} if pending else {},
            consent=ConsentState.NOT_GRANTED,
        )


_CONSENTS = (stored.GRANTED_ID, stored.REVOKED_ID)


def _sane(moment: datetime, field: str) -> datetime:
    try:
        found = utc(moment)
    except OverflowError:
        found = None
    if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise _invalid(field, f"the year must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return found


def _invalid(field: str, reason: str) -> Refusal:
    return Refusal("invalid", f"{field}: {reason}.", errors=[{"field": field, "reason": reason}])

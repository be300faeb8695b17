"""A revocation that came by letter: written down by a researcher, in two steps, for good.

It is the same document as the participant's own revocation, by the role researcher and no name (design 5).
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from couch.client import Database
from couch.documents import GRANTED_ID, REVOKED_ID, Author, Consent, Erasure, Json, utc
from couch.errors import AccessDenied, Conflict
from couch.errors import NotFound as Missing
from couch.names import REGISTRY, RESEARCHER, household_database
from webapp.access import roles
from webapp.centre_services import services
from webapp.registration.blueprint import HOUSEHOLD, blueprint
from webapp.registration.questions import day, tidy
from webapp.registration.trouble import Trouble
from webapp.translation import marked

Answer = str | tuple[str, int] | Response


@dataclass(frozen=True, slots=True)
class Letter:
    """The day on which the letter arrived, where it can be; else `fault`."""

    arrived: date | None
    fault: Trouble | None = None


def read_letter(text: str, today: date, granted_at: datetime | None, zone: tzinfo) -> Letter:
    """Pure: the day that was typed, judged."""
    try:
        arrived = day(tidy(text))
    except ValueError:
        return Letter(None, Trouble(marked("Enter the day on which the letter arrived, as 2026-05-01.")))
    if arrived > today:
        return Letter(None, Trouble(marked("This day has not come yet.")))
    if granted_at is not None and arrived < granted_at.astimezone(zone).date():
        return Letter(None, Trouble(marked("Consent was granted only after this day.")))
    return Letter(arrived)


def revoked_at(arrived: date, granted_at: datetime | None, zone: tzinfo) -> datetime:
    """Pure: the beginning of the day on which the letter arrived, but not before the grant."""
    start = datetime.combine(arrived, time(), zone).astimezone(UTC)
    return start if granted_at is None else max(start, granted_at)


@blueprint.get(f"{HOUSEHOLD}/revocation")
@roles(RESEARCHER)
def revocation(household: object) -> Answer:
    return _page(str(household), "letter", *_consents(str(household))[1:])


@blueprint.post(f"{HOUSEHOLD}/revocation")
@roles(RESEARCHER)
def record_revocation(household: object) -> Answer:
    here = services()
    database, granted, revoked = _consents(str(household))
    if revoked is not None:
        return _page(str(household), "letter", granted, revoked)
    granted_at = None if granted is None else granted.at
    today = here.clock.now().astimezone(here.timezone).date()
    letter = read_letter(request.form.get("arrived", ""), today, granted_at, here.timezone)
    faults = {} if letter.fault is None else {"arrived": letter.fault}
    if request.form.get("certain") != "yes":
        faults["certain"] = Trouble(marked("Confirm that the letter is signed and names this household."))
    if faults or letter.arrived is None:
        return _page(str(household), "letter", granted, None, faults=faults), 422
    if request.form.get("act") != "record":
        return _page(str(household), "last", granted, None, arrived=letter.arrived)
    consent = Consent(
        state="revoked",
        at=utc(revoked_at(letter.arrived, granted_at, here.timezone)),
        by=Author(role="researcher"),
    )
    with suppress(Conflict):  # the participant did it at the same time: it is revoked, whoever said so
        database.put_once(consent.to_json())
    return redirect(url_for("registration.revocation", household=household), 303)


def _page(
    household: str,
    step: str,
    granted: Consent | None,
    revoked: Consent | None,
    *,
    arrived: date | None = None,
    faults: dict[str, Trouble] | None = None,
) -> str:
    return render_template(
        "registration/revocation.html",
        household=household,
        step=step,
        granted=granted,
        revoked=revoked,
        arrived=arrived,
        beside={name: each.in_words() for name, each in (faults or {}).items()},
    )


def _consents(household: str) -> tuple[Database, Consent | None, Consent | None]:
    """The household's database, its grant and its revocation. Raises NotFound (404).

    While the database is made anew, which begins when the revocation is recorded, the record of the erasure
    keeps both.
    """
    server = services().server()
    database = server.database(household_database(household))
    try:
        granted, revoked = (_consent(database.find(doc_id)) for doc_id in (GRANTED_ID, REVOKED_ID))
    except (Missing, AccessDenied) as err:
        record = server.database(REGISTRY).find(f"erasure:{household}")
        if record is None:
            raise (NotFound() if isinstance(err, Missing) else err) from err
        kept = Erasure.from_json(record).consents
        granted, revoked = (
            _consent({"_id": doc_id, **kept[doc_id]} if doc_id in kept else None)
            for doc_id in (GRANTED_ID, REVOKED_ID)
        )
    return database, granted, revoked


def _consent(doc: Json | None) -> Consent | None:
    return None if doc is None else Consent.from_json(doc)

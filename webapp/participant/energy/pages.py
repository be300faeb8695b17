"""The participant's measurements: now, and any day, week, month and year by its address."""

from datetime import date, datetime, tzinfo

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.access import PARTICIPANT, roles
from webapp.participant.consent_record import read_consent
from webapp.participant.energy import words
from webapp.participant.energy.charts import PowerRow, energy_chart, power_chart
from webapp.participant.energy.day import read_day
from webapp.participant.energy.latest import read_latest
from webapp.participant.energy.meters import read_known_meters
from webapp.participant.energy.periods import SPANS, Period, Span, period_named, period_of
from webapp.participant.energy.today import period_figures, today
from webapp.participant.services import services
from webapp.translation import gettext

blueprint = Blueprint("energy", __name__, url_prefix="/measurements")
_SPAN = "<any(day, week, month, year):span>"


@blueprint.app_context_processor
def _say() -> dict[str, object]:
    """Words for these pages' templates."""
    return {"energy_words": words}


@blueprint.get("")
@roles(PARTICIPANT)
def now() -> str:
    here = services()
    replica, at = here.replica(), here.clock.now()
    meters = read_known_meters(replica, here.device)
    return render_template(
        "participant/energy/now.html",
        latest=read_latest(replica, meters),
        meters=meters,
        today=today(replica, here.timezone, at, here.device, meters),
        consent=read_consent(replica),
        now=at,
        tabs=_tabs(_today(at, here.timezone), None),
    )


@blueprint.get("/find")
@roles(PARTICIPANT)
def find() -> tuple[str, int] | Response:
    """Where the form for a date leads; without a date the form itself."""
    here = services()
    at = _today(here.clock.now(), here.timezone)
    span, wanted = request.args.get("span", "day"), request.args.get("date", "").strip()
    found = _typed_date(wanted)
    if found is not None and span in SPANS:
        period = period_of(span, found)
        if period.can_be_opened:
            return redirect(_url(period), 303)
    asked = "date" in request.args
    page = render_template(
        "participant/energy/find.html",
        span=span,
        date=found.isoformat() if found is not None else "",  # a browser's field takes no other text
        fault=gettext("Please give a date such as %(date)s.", date=at.isoformat()) if asked else None,
        tabs=_tabs(at, None),
    )
    return page, 400 if asked else 200


@blueprint.get(f"/{_SPAN}")
@roles(PARTICIPANT)
def current(span: Span) -> Response:
    """The day, week, month or year that is now."""
    here = services()
    return redirect(_url(period_of(span, _today(here.clock.now(), here.timezone))), 303)


@blueprint.get(f"/{_SPAN}/<name>")
@roles(PARTICIPANT)
def period(span: Span, name: str) -> str:
    shown = period_named(span, name)
    if shown is None:
        abort(404)
    here = services()
    replica, at, zone = here.replica(), here.clock.now(), here.timezone
    given: dict[str, object] = {}
    if span == "day":
        day = read_day(replica, shown, zone, at, here.device)
        found = day.figures
        rows = [
            PowerRow(words.meter_name(meter), meter.generates, curve.watts) for meter, curve in day.curves
        ]
        given["day"] = day
        given["chart"] = power_chart(gettext("Power over the day"), rows, day.slots)
    else:
        found = period_figures(replica, shown, zone, at, device=here.device)
        given["chart"] = energy_chart(
            gettext("Energy by month") if span == "year" else gettext("Energy by day"), found
        )
    return render_template(
        "participant/energy/period.html",
        figures=found,
        period=shown,
        state=_state(shown, zone, at),
        previous=shown.previous if _reaches_back(shown, zone, found.known_from) else None,
        following=shown.next if shown.next.start(zone) <= at and shown.next.can_be_opened else None,
        tabs=_tabs(_day_for_tabs(shown, _today(at, zone)), span),
        zone=zone,
        now=at,
        url_of=_url,
        **given,
    )


def _tabs(day: date, current: Span | None) -> list[tuple[str, str, bool]]:
    spans = [(_url(period_of(span, day)), gettext(words.SPAN_WORDS[span]), span == current) for span in SPANS]
    return [(url_for("energy.now"), gettext("Now"), request.endpoint == "energy.now"), *spans]


def _url(period: Period) -> str:
    return url_for("energy.period", span=period.span, name=period.name)


def _today(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()


def _day_for_tabs(shown: Period, today: date) -> date:
    """From a week one goes to a day of it: to today where it lies in it."""
    return today if shown.first <= today < shown.after else shown.first


def _state(shown: Period, zone: tzinfo, at: datetime) -> str:
    """Whether the period is over, runs, or is to come."""
    if shown.end(zone) <= at:
        return "over"
    return "runs" if shown.start(zone) <= at else "to_come"


def _reaches_back(shown: Period, zone: tzinfo, known_from: datetime | None) -> bool:
    """Whether anything is stored before this period."""
    return known_from is not None and known_from < shown.start(zone)


def _typed_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None

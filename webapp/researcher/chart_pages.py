"""Charts over all households, for researchers; every state of one has an address that can be shared."""

import re
from datetime import UTC, date, datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from couch.documents import Context
from couch.names import RESEARCH, RESEARCHER
from couch.research_figures import power_cells, slots_of_households
from webapp.access import roles
from webapp.centre_services import services
from webapp.researcher.charts import consent_chart, energy_chart, histogram_charts, profile_chart
from webapp.researcher.consent_curve import by_month, changes, consent_days
from webapp.researcher.figures import figures
from webapp.researcher.heat_map import heat_page, heat_rows, takes_part
from webapp.researcher.load_profile import Profiles, load_profiles
from webapp.researcher.month_choice import days_of, month_named, months_since
from webapp.researcher.month_figures import types_of
from webapp.researcher.quantity_words import QUANTITY_WORDS

blueprint = Blueprint("charts", __name__, url_prefix="/charts")
_WAIT_S = 0.05  # for figures that are not there yet: small surveys have them by then
_PSEUDONYM = re.compile(r"[0-9a-f]{32}")
_MOST_DAYS = 366  # rows of a table; more are told by months


@blueprint.get("")
@roles(RESEARCHER)
def start() -> Response:
    return redirect(url_for("charts.consent"), 303)


@blueprint.get("/consent")
@roles(RESEARCHER)
def consent() -> str:
    here = services()
    today = here.clock.now().astimezone(here.timezone).date()
    days = consent_days(here.registry.summaries().values(), here.timezone, today)
    rows = changes(days)
    monthly = len(rows) > _MOST_DAYS
    return render_template(
        "researcher/chart_consent.html",
        chart=consent_chart(days, here.timezone),
        rows=by_month(days) if monthly else rows,
        monthly=monthly,
    )


@blueprint.get("/profiles")
@roles(RESEARCHER)
def profiles() -> str:
    month, pseudonym = _month(), _pseudonym()
    quantity = request.args.get("quantity", "")
    known = [name for name in QUANTITY_WORDS if name == quantity]
    chosen = known[0] if known else "drawn"
    found: Profiles | None
    if pseudonym is None:
        kept = figures().month(month, _WAIT_S)
        found = None if kept is None else kept.value.profiles
    else:
        kept, found = None, _profiles_of(month, pseudonym)
    return render_template(
        "researcher/chart_profiles.html",
        chart=None if found is None else profile_chart(found, chosen),
        profiles=found,
        quantity=chosen,
        quantity_words=QUANTITY_WORDS,
        month=month,
        months=_months(),
        pseudonym=pseudonym,
        kept=kept,
        now=_now(),
    )


def _profiles_of(month: date, pseudonym: str) -> Profiles:
    server = services().server()
    doc = server.database(RESEARCH).find(f"context:{pseudonym}")
    if doc is None:
        abort(404)
    return load_profiles(power_cells(server, month, pseudonym), types_of(Context.from_json(doc)))


@blueprint.get("/feed-in")
@roles(RESEARCHER)
def energy() -> str:
    month = _month()
    kept = figures().month(month, _WAIT_S)
    days = None if kept is None else kept.value.days
    return render_template(
        "researcher/chart_energy.html",
        chart=None if days is None else energy_chart(days, days_of(month)),
        days=days,
        all_days=days_of(month),
        quantity_words=QUANTITY_WORDS,
        month=month,
        months=_months(),
        kept=kept,
        now=_now(),
    )


@blueprint.get("/completeness")
@roles(RESEARCHER)
def completeness() -> str:
    here, month = services(), _month()
    found = takes_part(here.registry.summaries().values(), month)
    page = heat_page(found, after=_pseudonym("after"), before=_pseudonym("before"))
    days = days_of(month)
    stored = slots_of_households(here.server(), month, [one.pseudonym for one in page.households])
    return render_template(
        "researcher/chart_completeness.html",
        rows=heat_rows(page.households, stored, days, here.clock.now()),
        page=page,
        households=len(found),
        days=days,
        month=month,
        months=_months(),
        first_page="after" not in request.args and "before" not in request.args,
    )


@blueprint.get("/installations")
@roles(RESEARCHER)
def installations() -> str:
    kept = figures().installations(_WAIT_S)
    return render_template(
        "researcher/chart_installations.html",
        found=kept.value if kept else None,
        charts=histogram_charts(kept.value) if kept else (),
        kept=kept,
        now=_now(),
    )


def _month() -> date:
    return month_named(request.args.get("month"), _now())


def _months() -> tuple[date, ...]:
    return months_since(services().registry.summaries().values(), _now())


def _now() -> datetime:
    return services().clock.now().astimezone(UTC)


def _pseudonym(name: str = "household") -> str | None:
    text = request.args.get(name, "")
    return text if _PSEUDONYM.fullmatch(text) else None

"""The list of households and a household's page, for researchers and administrators."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from couch.documents import HouseholdSummary
from couch.names import ADMINISTRATOR, REGISTRY, RESEARCHER
from webapp.access import roles
from webapp.centre_services import services
from webapp.registry_copy import Snapshot
from webapp.researcher import figures as research_figures
from webapp.researcher.columns import order
from webapp.researcher.figures import figures
from webapp.researcher.filtering import tests_of
from webapp.researcher.household_page import household_view
from webapp.researcher.household_pages import HouseholdPage, page_of_copy, page_of_view
from webapp.researcher.list_query import ListQuery, parse_query
from webapp.researcher.quantity_words import QUANTITY_WORDS
from webapp.researcher.registry import count_by_consent, read_household
from webapp.researcher.search import LONGEST, Place, find_households, is_identifier
from webapp.researcher.standing import standing

blueprint = Blueprint("researcher", __name__)
research_figures.install(blueprint)


@blueprint.get("/households")
@roles(RESEARCHER, ADMINISTRATOR)
def households() -> str:
    here, recent = services(), figures().recent()
    query = parse_query(request.args)
    snapshot = here.registry.snapshot()
    page = _page(query, snapshot)
    now = here.clock.now()
    return render_template(
        "researcher/households.html",
        counts=count_by_consent(snapshot.summaries.values()),
        query=query,
        page=page,
        standings=[standing(one, now, recent.value if recent else None) for one in page.households],
        recent=recent,
        now=now,
    )


def _page(query: ListQuery, snapshot: Snapshot) -> HouseholdPage:
    here = services()
    registry = here.server().database(REGISTRY)
    beside = query.after or query.before
    # One that the copy does not know yet, or not any more, is read.
    place = (snapshot.summaries.get(beside) or read_household(registry, beside)) if beside else None
    if query.column.view is not None and not query.filters.any:
        return page_of_view(registry, snapshot, query, place)
    kept = figures().recent()
    recent = kept.value if kept else None
    found = figures().sorted.of(query.column, snapshot.summaries, recent)
    return page_of_copy(
        found,
        query,
        order(query.column, place, recent) if place else None,
        tests_of(query.filters, here.clock.now(), recent),
    )


@blueprint.post("/households/search")
@roles(RESEARCHER, ADMINISTRATOR)
def search() -> str | Response:
    here, recent = services(), figures().recent()
    text = request.form.get("text", "")[:LONGEST]
    place = None
    if "key" in request.form and "document" in request.form:
        place = Place(request.form["key"], request.form["document"])
    found = find_households(here.server().database(REGISTRY), here.registry.snapshot(), text, place)
    if is_identifier(text) and len(found.households) == 1:
        return redirect(url_for("researcher.household", household=found.households[0].household), 303)
    now = here.clock.now()
    return render_template(
        "researcher/found.html",
        text=text,
        found=found,
        standings=[standing(one, now, recent.value if recent else None) for one in found.households],
        first_page=place is None,
        recent=recent,
        now=now,
    )


@blueprint.get("/households/<uuid:household>")
@roles(RESEARCHER, ADMINISTRATOR)
def household(household: object) -> str:
    here, known = services(), _known(str(household))
    kept = figures().recent()
    return render_template(
        "researcher/household.html",
        it=standing(known, here.clock.now(), kept.value if kept else None),
        view=household_view(here.server(), here.registry.snapshot(), known, here.clock.now()),
        quantity_words=QUANTITY_WORDS,
    )


def _known(household: str) -> HouseholdSummary:
    found = read_household(services().server().database(REGISTRY), household)
    if found is None:
        abort(404)
    return found

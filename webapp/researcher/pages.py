"""The researchers' and administrators' pages: households, their consent and how far behind they are."""

from flask import Blueprint, abort, render_template, request

from couch.documents import HouseholdSummary
from couch.names import ADMINISTRATOR, REGISTRY, RESEARCHER
from webapp.access import roles
from webapp.centre_services import services
from webapp.researcher.households import count_by_consent, read_household, read_page, read_parked, standing

blueprint = Blueprint("researcher", __name__, url_prefix="/households")
_UUID = "<uuid:household>"


@blueprint.get("")
@roles(RESEARCHER, ADMINISTRATOR)
def households() -> str:
    here = services()
    registry = here.server().database(REGISTRY)
    start = request.args.get("from")
    first = _known(start) if start else None
    return render_template(
        "researcher/households.html",
        counts=count_by_consent(registry),
        page=read_page(registry, here.clock.now(), start=first),
        first_page=first is None,
    )


@blueprint.get(f"/{_UUID}")
@roles(RESEARCHER, ADMINISTRATOR)
def household(household: object) -> str:
    here = services()
    found = _known(str(household))
    return render_template(
        "researcher/household.html",
        it=standing(found, here.clock.now()),
        parked=list(read_parked(here.server().database(REGISTRY), found.household)),
    )


def _known(household: str) -> HouseholdSummary:
    found = read_household(services().server().database(REGISTRY), household)
    if found is None:
        abort(404)
    return found

"""The administrators' pages about health: all devices, one device, and the centre itself."""

import logging
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from couch.documents import ConsentState
from couch.errors import Fault
from couch.names import ADMINISTRATOR, REGISTRY, household_database
from couch.registering import RegisteredDevice
from couch.retry_wishes import ask_again
from webapp.access import account, roles
from webapp.administrator import centre_words, words
from webapp.administrator.centre_state import CentreState, read_centre
from webapp.administrator.checkpoints import read_checkpoints
from webapp.administrator.contradictions import contradictions
from webapp.administrator.device_list import ALL, Listed, listed, wanted
from webapp.administrator.fleet import Fleet, Standing
from webapp.administrator.judgement import clock_ahead
from webapp.administrator.troubles import Kind
from webapp.administrator.verdict import urgencies, verdict
from webapp.centre_services import services
from webapp.moments import span
from webapp.numbers import number
from webapp.translation import gettext

_log = logging.getLogger(__name__)
blueprint = Blueprint("administrator", __name__)
blueprint.add_app_template_filter(span, "span")


@blueprint.get("/health")
@roles(ADMINISTRATOR)
def health() -> str:
    """Whether all is well, then the devices that are not."""
    here = services()
    fleet, centre = here.fleet.look(), _centre()
    page = listed(fleet, wanted(request.args))
    return render_template(
        "administrator/health.html",
        fleet=fleet,
        centre=centre,
        verdict=verdict(fleet, centre),
        urgencies=urgencies(fleet),
        listed=page,
        now=here.clock.now(),
        words=words,
        centre_words=centre_words,
        standings=Standing,
        show_options=_show_options(),
        kind_options=_kind_options(fleet),
        consent_options=[
            ("", gettext(words.ANY_CONSENT)),
            *((state.value, gettext(words.CONSENTS[state])) for state in ConsentState),
        ],
        pages=_neighbours(page),
    )


@blueprint.get("/health/devices/<uuid:device>")
@roles(ADMINISTRATOR)
def device(device: object) -> str:
    """One device: what the centre sees beside what it says of itself."""
    here = services()
    found = here.fleet.look().by_device.get(str(device))
    if found is None:
        abort(404)
    snapshot, household = here.registry.snapshot(), found.household.household
    registered = _registered(household, found.device.device)
    issued_until = None if registered is None else registered.certificate_ends
    parked = [one for one in snapshot.parked.values() if one.household == household]
    database = here.server().database(household_database(household))
    return render_template(
        "administrator/device.html",
        it=found,
        now=here.clock.now(),
        words=words,
        ahead=clock_ahead(found.device),
        parked=parked,
        erasure=snapshot.erasures.get(household),
        checkpoints=read_checkpoints(database)[:10],
        contradictions=contradictions(
            found.device,
            found.household,
            here.thresholds,
            parked=len(parked),
            issued_until=issued_until,
        ),
        registered=registered,
        contradiction_words=centre_words.CONTRADICTIONS,
    )


@blueprint.get("/health/centre")
@roles(ADMINISTRATOR)
def centre() -> str:
    """The worker and its queue, what is parked, erasures under way."""
    here = services()
    return render_template(
        "administrator/centre.html",
        centre=_centre(),
        now=here.clock.now(),
        words=centre_words,
        asked=request.args.get("asked", ""),
    )


@blueprint.post("/health/parked/retry")
@roles(ADMINISTRATOR)
def retry() -> Response:
    """Ask the worker to take parked documents once more: all, or those with one reason."""
    here = services()
    reason = request.form.get("reason")
    parked = here.registry.refresh().parked.values()
    chosen = [one for one in parked if reason is None or one.reason == reason]
    asked = ask_again(here.server().database(REGISTRY), chosen, here.clock)
    _log.info("%s asked for %d parked documents to be tried again", account(), asked)
    return redirect(url_for("administrator.centre", asked=asked), 303)


def _centre() -> CentreState:
    here = services()
    registry = here.server().database(REGISTRY)
    return read_centre(registry, here.registry.snapshot(), datetime.now(UTC), here.thresholds)


def _registered(household: str, device: str) -> RegisteredDevice | None:
    """What the certificate authority knows of the device; None where it cannot be asked."""
    registration = services().registration
    if registration is None:
        return None
    try:
        devices = registration.registrar.devices(household)
    except Fault as err:
        _log.warning("what the certificate authority knows of a device cannot be told: %s", err)
        return None
    return next((one for one in devices if one.device == device), None)


def _show_options() -> list[tuple[str, str]]:
    """Which devices the list can show."""
    others = [standing for standing in Standing if standing is not Standing.TROUBLED]
    return [
        ("", gettext(words.STANDINGS[Standing.TROUBLED])),
        *((standing.value, gettext(words.STANDINGS[standing])) for standing in others),
        (ALL, gettext(words.ALL)),
    ]


def _kind_options(fleet: Fleet) -> list[tuple[str, str]]:
    """The troubles that there are, with the number of devices."""
    there = [kind for kind in Kind if fleet.kinds[kind]]
    return [
        ("", gettext(words.ANY_TROUBLE)),
        *((kind.value, f"{gettext(words.WORDS[kind].name)} ({number(fleet.kinds[kind])})") for kind in there),
    ]


def _neighbours(page: Listed) -> dict[str, str | None]:
    """Addresses of the pages around this one."""

    def address(which: int) -> str | None:
        if not 1 <= which <= page.pages:
            return None
        parameters: dict[str, Any] = page.wanted.parameters(which)
        return url_for("administrator.health", **parameters)

    here = page.wanted.page
    return {
        "first_url": address(1) if here > 2 else None,
        "previous_url": address(here - 1),
        "next_url": address(here + 1),
    }

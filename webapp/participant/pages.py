"""The participant's overview and registration, and what stands in place of every page after an erasure."""

from flask import Blueprint, render_template, request

from webapp.access import PARTICIPANT, roles
from webapp.participant import meter_names
from webapp.participant.consent_record import read_consent
from webapp.participant.device_known import Known, MeterSeen
from webapp.participant.device_state import device_state
from webapp.participant.energy.meters import read_known_meters
from webapp.participant.energy.today import today
from webapp.participant.energy.words import meter_name
from webapp.participant.replica import read_heartbeat, read_household
from webapp.participant.services import services
from webapp.participant.wiring import wiring

blueprint = Blueprint("participant", __name__)
_ALWAYS_OPEN = ("install", "language")  # they show nothing of anybody


@blueprint.before_app_request
def show_erasure() -> str | None:
    """Once the household was erased every address shows that, to everybody: nothing else is left to see."""
    if request.endpoint == "static" or request.blueprint in _ALWAYS_OPEN:
        return None
    here = services()
    erasure = here.erasure()
    if erasure is None:
        return None
    return render_template(
        "participant/erased.html", erasure=erasure, household=here.household, device=here.device, sections=()
    )


@blueprint.get("/overview")
@roles(PARTICIPANT)
def overview() -> str:
    here = services()
    replica, now = here.replica(), here.clock.now()
    consent, heartbeat = read_consent(replica), read_heartbeat(replica)
    meters = read_known_meters(replica, here.device)
    known = Known(
        consent=consent.state,
        heartbeat=heartbeat,
        now=now,
        zone=here.timezone,
        meters={one.meter: MeterSeen(meter_name(one), one.last) for one in meters},
    )
    return render_template(
        "participant/overview.html",
        consent=consent,
        heartbeat=heartbeat,
        state=device_state(known),
        today=today(replica, here.timezone, now, here.device, meters),
    )


@blueprint.get("/registration")
@roles(PARTICIPANT)
def registration() -> str:
    here = services()
    household = read_household(here.replica())
    return render_template(
        "participant/registration.html",
        household=household,
        wiring=wiring(household.devices, household.meters, household.pv_systems),
        this_device=here.device,
        meter_name=meter_names.meter_name,
    )

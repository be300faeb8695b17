"""The participant's pages: consent, registration, measurements, and how the device is doing."""

from dataclasses import dataclass
from typing import cast

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.access import PARTICIPANT, roles
from webapp.participant.chart import Chart, draw
from webapp.participant.consent_record import Step, read_consent, record_consent
from webapp.participant.erasure import centre_was_told
from webapp.participant.power_series import PowerSeries, power_series
from webapp.participant.replica import MeterView, read_heartbeat, read_household, read_meters
from webapp.participant.services import services

blueprint = Blueprint("participant", __name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """A meter with its chart (None: nothing to draw yet)."""

    meter: MeterView
    series: PowerSeries
    chart: Chart | None


@blueprint.before_app_request
def show_erasure() -> str | None:
    """Once the household was erased every address shows that, to everybody: nothing else is left to see."""
    erasure = services().erasure()
    if erasure is None or request.endpoint == "static":
        return None
    return render_template("participant/erased.html", erasure=erasure, sections=())


@blueprint.get("/overview")
@roles(PARTICIPANT)
def overview() -> str:
    here = services()
    replica = here.replica()
    return render_template(
        "participant/overview.html",
        consent=read_consent(replica),
        heartbeat=read_heartbeat(replica),
        meters=read_meters(replica, here.clock.now()),
    )


@blueprint.get("/consent")
@roles(PARTICIPANT)
def consent() -> str:
    replica = services().replica()
    record, heartbeat = read_consent(replica), read_heartbeat(replica)
    told = centre_was_told(record, heartbeat)
    return render_template("participant/consent.html", consent=record, heartbeat=heartbeat, told=told)


@blueprint.get("/consent/<any(granted, revoked):step>")
@roles(PARTICIPANT)
def ask_again(step: str) -> str | Response:
    return _asking(_step(step), unticked=False)


@blueprint.post("/consent/<any(granted, revoked):step>")
@roles(PARTICIPANT)
def decide(step: str) -> str | Response:
    if request.form.get("sure") != "yes":
        return _asking(_step(step), unticked=True)
    here = services()
    replica = here.replica()
    if read_consent(replica).allows(_step(step)):
        record_consent(replica, _step(step), device=here.device, now=here.clock.now())
    return redirect(url_for("participant.consent"), 303)


@blueprint.get("/registration")
@roles(PARTICIPANT)
def registration() -> str:
    return render_template("participant/registration.html", household=read_household(services().replica()))


@blueprint.get("/measurements")
@roles(PARTICIPANT)
def measurements() -> str:
    here = services()
    replica = here.replica()
    shown = []
    for meter in read_meters(replica, here.clock.now()):
        series = power_series(meter.measurements, generation=meter.generates)
        shown.append(Shown(meter, series, draw(series, here.timezone)))
    return render_template("participant/measurements.html", shown=shown, consent=read_consent(replica))


def _asking(step: Step, *, unticked: bool) -> str | Response:
    record = read_consent(services().replica())
    if not record.allows(step):
        return redirect(url_for("participant.consent"), 303)
    return render_template("participant/ask_again.html", step=step, consent=record, unticked=unticked)


def _step(text: str) -> Step:
    if text not in ("granted", "revoked"):
        abort(404)
    return cast(Step, text)

"""After registering: the household's devices, the bundle of each, and what to send to whom."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from couch.names import RESEARCHER
from couch.registering import DeviceStage
from webapp.access import roles
from webapp.registration.blueprint import HOUSEHOLD, blueprint, here, known

_DEVICE = f"{HOUSEHOLD}/devices/<uuid:device>/bundle"


@blueprint.get(f"{HOUSEHOLD}/devices")
@roles(RESEARCHER)
def devices(household: object) -> str:
    known(str(household))
    return render_template(
        "registration/devices.html",
        household=str(household),
        devices=here().registrar.devices(str(household)),
        stages=DeviceStage,
        registered=request.args.get("registered") == "yes",
        kept=request.args.get("kept") == "yes",
    )


@blueprint.post(_DEVICE)
@roles(RESEARCHER)
def invite(household: object, device: object) -> Response:
    known(str(household))
    if not here().registrar.invite(str(household), str(device)):
        abort(404)
    return redirect(url_for("registration.devices", household=household), 303)


@blueprint.get(_DEVICE)
@roles(RESEARCHER)
def bundle(household: object, device: object) -> Response:
    """The file that the device joins with; it holds a one-time code, so no cache keeps it."""
    known(str(household))
    found = here().registrar.bundle(str(household), str(device))
    if found is None:
        abort(404)
    return Response(
        found,
        mimetype="application/toml",
        headers={"Content-Disposition": f'attachment; filename="{device}.bundle.toml"'},
    )

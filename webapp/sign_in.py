"""Coming in and going out, the same way on both sites; the site's door decides."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp import access
from webapp.site import TurnedAway, site
from webapp.source import source_of

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/")
@access.public
def home() -> Response:
    """The first section that the session may open, else the sign-in form."""
    held = access.held_roles()
    for section in site().sections:
        if section.roles & held:
            return redirect(url_for(section.endpoint), 303)
    return redirect(url_for("sign_in.form"), 303)


@blueprint.get("/sign-in")
@access.public
def form() -> str:
    return render_template(site().door.template, turned_away=None, given={})


@blueprint.post("/sign-in")
@access.public
def enter() -> Response | tuple[str, int]:
    door = site().door
    outcome = door.knock(request.form, source_of(request.remote_addr))
    if isinstance(outcome, TurnedAway):
        given = {"name": request.form.get("name", "")}  # never the password or the code
        return render_template(door.template, turned_away=outcome.message, given=given), 403
    access.sign_in(outcome)
    return redirect(url_for("sign_in.home"), 303)


@blueprint.post("/sign-out")
@access.public
def leave() -> Response:
    access.sign_out()
    return redirect(url_for("sign_in.form"), 303)

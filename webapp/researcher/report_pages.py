"""The list of reported mistakes, and what is done with one."""

import re

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from couch.documents import utc
from couch.documents.fields import UUID_PATTERN
from couch.names import REGISTRY, RESEARCHER
from webapp.access import account, roles
from webapp.centre_services import services
from webapp.researcher.reports import State, count_reports, mark_done, read_reports
from webapp.researcher.reports import reopen as reopen_report
from webapp.translation import gettext

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
_UUID = UUID_PATTERN.strip("^$")
_PLACE = re.compile(f"{_UUID}:{_UUID}")
_LONGEST_NOTE = 1000


@blueprint.get("")
@roles(RESEARCHER)
def reports() -> str:
    state: State = "done" if request.args.get("state") == "done" else "open"
    asked = request.args.get("after", "")
    after = asked if _PLACE.fullmatch(asked) else None
    server = services().server()
    return render_template(
        "researcher/reports.html",
        state=state,
        shown_state=state if state == "done" else None,
        after=after,
        counts=count_reports(server.database(REGISTRY)),
        page=read_reports(server, services().registry.summaries(), state, after),
        said=_said(request.args.get("said", "")),
    )


@blueprint.post("/<uuid:household>/<uuid:report>/done")
@roles(RESEARCHER)
def done(household: object, report: object) -> Response:
    here = services()
    registry = here.server().database(REGISTRY)
    _must_be_there(household, report)
    changed = mark_done(
        registry,
        str(household),
        str(report),
        account=account(),
        role=RESEARCHER,
        note=request.form.get("note", "").strip()[:_LONGEST_NOTE],
        at=utc(here.clock.now()),
    )
    return _back(household, "done" if changed else "late")


@blueprint.post("/<uuid:household>/<uuid:report>/reopen")
@roles(RESEARCHER)
def reopen(household: object, report: object) -> Response:
    _must_be_there(household, report)
    changed = reopen_report(services().server().database(REGISTRY), str(household), str(report))
    return _back(household, "open" if changed else "late")


def _must_be_there(household: object, report: object) -> None:
    if services().server().database(REGISTRY).find(f"reported:{household}:{report}") is None:
        abort(404)


def _back(household: object, said: str) -> Response:
    if request.form.get("back") == "household":
        return redirect(url_for("researcher.household", household=household), 303)
    return redirect(url_for("reports.reports", said=said), 303)


def _said(what: str) -> str:
    match what:
        case "done":
            return gettext("The report is noted as dealt with.")
        case "open":
            return gettext("The report is among those to be dealt with again.")
        case "late":
            return gettext("Somebody else was faster; this is how it stands now.")
        case _:
            return ""

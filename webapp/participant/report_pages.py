"""Reporting a mistake in the registration, and one's own reports with where they are. Works offline."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from webapp.access import PARTICIPANT, roles
from webapp.participant.reports import (
    LONGEST,
    Draft,
    faults_of,
    new_draft,
    read_draft,
    read_reports,
    record_report,
)
from webapp.participant.services import services

blueprint = Blueprint("reports", __name__, url_prefix="/registration/reports")


@blueprint.get("")
@roles(PARTICIPANT)
def form() -> str:
    return _page(new_draft(), {}, recorded=request.args.get("done") == "recorded")


@blueprint.post("")
@roles(PARTICIPANT)
def send() -> str | Response:
    draft = read_draft(request.form)
    faults = faults_of(draft)
    if faults:
        return _page(draft, faults, recorded=False)
    here = services()
    record_report(here.replica(), draft, now=here.clock.now())
    return redirect(url_for("reports.form", done="recorded"), 303)


def _page(draft: Draft, faults: dict[str, str], *, recorded: bool) -> str:
    return render_template(
        "participant/reports.html",
        draft=draft,
        faults=faults,
        recorded=recorded,
        longest=LONGEST,
        own=read_reports(services().replica()),
    )

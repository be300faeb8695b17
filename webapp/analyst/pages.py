"""The analysts' page: a form, and the export that it asks for as a download."""

from datetime import timedelta
from itertools import chain

from flask import Blueprint, Response, render_template, request
from werkzeug.datastructures import MultiDict

from couch.errors import Fault
from couch.names import ANALYST, RESEARCHER
from webapp.access import roles
from webapp.analyst.export_archive import archive, archive_name
from webapp.analyst.export_ledger import ResearchLedger
from webapp.analyst.export_request import FORMATS, check_household, parse_request
from webapp.analyst.research_source import research_source
from webapp.centre_services import services

blueprint = Blueprint("analyst", __name__, url_prefix="/export")


@blueprint.get("")
@roles(RESEARCHER, ANALYST)
def form() -> str:
    today = services().clock.now().date()
    usual = {
        "from": str(today - timedelta(days=30)),
        "to": str(today + timedelta(days=1)),
        "format": FORMATS[0],
    }
    return _form(MultiDict(usual), None)


@blueprint.post("")
@roles(RESEARCHER, ANALYST)
def download() -> Response | tuple[str, int]:
    given = request.form
    server = services().server()
    try:
        wanted = parse_request(
            given.get("from", ""), given.get("to", ""), given.get("household"), given.get("format", "")
        )
        check_household(server, wanted)
    except Fault as err:
        return _form(given, str(err)), 422
    stream = archive(wanted, research_source(server), ResearchLedger(server, services().clock))
    first = next(stream, b"")  # a database that refuses does so before the answer begins
    return Response(
        chain((first,), stream),
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{archive_name(wanted)}"'},
    )


def _form(given: MultiDict[str, str], fault: str | None) -> str:
    return render_template("analyst/export.html", given=given, fault=fault, formats=FORMATS)

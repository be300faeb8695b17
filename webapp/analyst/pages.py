"""The analysts' page: a form, and the export that it asks for as a download; for scripts an address."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.datastructures import MultiDict

from couch.errors import Fault
from couch.names import ANALYST, RESEARCHER
from webapp.access import roles
from webapp.analyst.export_request import (
    FORMATS,
    TABLE_NAMES,
    BadWish,
    ExportRequest,
    check_household,
    parse_request,
)
from webapp.analyst.table_library import need_tables
from webapp.analyst.wording import FORMAT_WORDS, QUALITY_WORDS, TABLE_WORDS
from webapp.centre_services import services
from webapp.translation import gettext

if TYPE_CHECKING:
    from webapp.analyst.source import Source

blueprint = Blueprint("analyst", __name__, url_prefix="/export")
_DAYS = 30


@blueprint.get("")
@roles(RESEARCHER, ANALYST)
def form() -> str:
    """The form; an address with the same fields as `/export/data` fills it."""
    today = services().clock.now().date()
    usual = MultiDict(
        {
            "from": str(today - timedelta(days=_DAYS)),
            "to": str(today + timedelta(days=1)),
            "format": FORMATS[0],
            "table": TABLE_NAMES[0],
        }
    )
    for name in request.args:
        usual.setlist(name, request.args.getlist(name))
    return _form(usual, {})


@blueprint.post("")
@roles(RESEARCHER, ANALYST)
def download() -> Response | tuple[str, int]:
    try:
        return _archive(_wanted(request.form))
    except BadWish as err:
        return _form(request.form, err.faults), 422
    except Fault as err:
        return _form(request.form, {"from": str(err)}), 422


@blueprint.get("/data")
@roles(RESEARCHER, ANALYST)
def data() -> Response | tuple[Response, int]:
    """The same download for a script that signed in: the fields stand in the address.

    It reads, and notes in the ledger what went out. Another site's page cannot have a browser fetch it.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        abort(403)
    try:
        return _archive(_wanted(request.args))
    except Fault as err:
        return Response(f"{err}\n", mimetype="text/plain"), 422


def _wanted(given: MultiDict[str, str]) -> ExportRequest:
    wanted = parse_request(
        given.get("from", ""),
        given.get("to", ""),
        given.getlist("household"),
        given.get("format", ""),
        regions=given.getlist("region"),
        quality=given.getlist("quality"),
        tables=given.getlist("table"),
    )
    check_household(services().server(), wanted)
    return wanted


def _archive(wanted: ExportRequest) -> Response:
    need_tables()
    from webapp.analyst.export_archive import archive, archive_name  # noqa: PLC0415 - it needs tables
    from webapp.analyst.export_ledger import ResearchLedger  # noqa: PLC0415

    here = services()
    stream = archive(wanted, _source(), ResearchLedger(here.server(), here.clock))
    first: Iterable[bytes] = [next(stream, b"")]  # a database that refuses does so before the answer begins
    return Response(
        chain(first, stream),
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{archive_name(wanted)}"'},
    )


def _source() -> "Source":
    here = services()
    return here.exports.source(here.server)


def _form(given: MultiDict[str, str], faults: Mapping[str, str]) -> str:
    return render_template(
        "analyst/export.html",
        given=given,
        faults=faults,
        formats=[(name, gettext(words)) for name, words in FORMAT_WORDS.items()],
        tables=TABLE_WORDS,
        qualities=QUALITY_WORDS,
        kept=services().exports.kept(),
    )

"""Published data sets: the list, making a version, a version's page and its files.

Before anything is handed out, research is asked who withdrew: what may not stand any more is gone by then.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Answer

from couch.errors import Fault
from couch.names import ANALYST, RESEARCHER
from webapp.access import roles
from webapp.analyst.export_request import TABLE_NAMES, BadWish, parse_request
from webapp.analyst.releases.files import archive, send
from webapp.analyst.releases.gone import gone
from webapp.analyst.releases.jobs import Progress
from webapp.analyst.releases.record import NAME_PATTERN, ReleaseRecord, WithdrawnVersion, check_name
from webapp.analyst.releases.services import ReleaseServices
from webapp.analyst.selection import Selection
from webapp.analyst.table_library import need_tables
from webapp.analyst.wording import TABLE_WORDS
from webapp.centre_services import services
from webapp.translation import gettext, language, speak

if TYPE_CHECKING:  # it needs tables, which a device does without
    from webapp.analyst.releases.making import Made

releases = Blueprint("releases", __name__, url_prefix="/releases")
data = Blueprint("data", __name__, url_prefix="/data")
_SOON_S = 2.0  # a small data set is made while the browser waits


@releases.get("")
@roles(RESEARCHER, ANALYST)
def overview() -> str:
    today = services().clock.now().date()
    first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    usual = MultiDict({"from": str(first), "to": str(today.replace(day=1))})
    usual.setlist("table", [name for name in TABLE_NAMES if name != "measurements"])
    return _overview(usual, {})


@releases.post("")
@roles(RESEARCHER, ANALYST)
def make() -> Answer | tuple[str, int]:
    given = request.form
    faults: dict[str, str] = {}
    name = given.get("name", "").strip()
    try:
        check_name(name)
    except Fault as err:
        faults["name"] = str(err)
    try:
        wanted = parse_request(
            given.get("from", ""),
            given.get("to", ""),
            None,
            "csv",
            regions=given.getlist("region"),
            tables=given.getlist("table"),
        ).selection
    except BadWish as err:
        faults |= err.faults
    if faults:
        return _overview(given, faults), 422
    started = _here().jobs.start(name, _making(name, wanted))
    if not started:
        faults["name"] = gettext("a data set is being made already: wait until it is done")
        return _overview(given, faults), 409
    _here().jobs.wait(_SOON_S)
    return redirect(url_for("releases.overview"), 303)


@data.get("/<name>/newest/")
@data.get("/<name>/newest/<path:path>")
@roles(RESEARCHER, ANALYST)
def newest(name: str, path: str | None = None) -> Answer:
    """For programs that always want the newest version."""
    _look()
    record = _here().store.newest(name) if re.fullmatch(NAME_PATTERN, name) else None
    if record is None:
        abort(404)
    if path is None:
        return redirect(url_for("data.version", name=name, number=record.version), 302)
    return redirect(url_for("data.file", name=name, number=record.version, path=path), 302)


@data.get("/<name>/<int:number>/")
@roles(RESEARCHER, ANALYST)
def version(name: str, number: int) -> Response | str:
    found = _found(name, number)
    if isinstance(found, WithdrawnVersion):
        return gone(_here().store, found, None)
    newer = _here().store.newest(name, above=number)
    return render_template("analyst/release.html", record=found, newer=newer)


@data.get("/<name>/<int:number>/<path:path>")
@roles(RESEARCHER, ANALYST)
def file(name: str, number: int, path: str) -> Response:
    found = _found(name, number)
    store = _here().store
    if isinstance(found, WithdrawnVersion):
        return gone(store, found, path)
    known, place = found.file(path), store.path(found, path)
    if known is None or place is None:
        abort(404)
    try:
        return send(place, known)
    except FileNotFoundError:  # withdrawn by another process since it was found
        return _again(name, number, path)


@data.get("/<name>/<int:number>.zip")
@roles(RESEARCHER, ANALYST)
def whole(name: str, number: int) -> Response:
    found = _found(name, number)
    if isinstance(found, WithdrawnVersion):
        return gone(_here().store, found, None)
    stream = archive(_here().store, found)
    return Response(
        stream,
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}-{number}.zip"'},
    )


def _here() -> ReleaseServices:
    found = services().releases
    if found is None:
        abort(404)
    return found


def _look() -> None:
    """Withdraw what has to be. Raises Unreachable: whether a version may stand is not known then."""
    _here().watch.look()


def _found(name: str, number: int) -> ReleaseRecord | WithdrawnVersion:
    _look()
    found = _here().store.find(name, number) if re.fullmatch(NAME_PATTERN, name) else None
    if found is None:
        abort(404)
    return found


def _again(name: str, number: int, path: str) -> Response:
    found = _found(name, number)
    if isinstance(found, WithdrawnVersion):
        return gone(_here().store, found, path)
    return abort(404)


def _making(name: str, selection: Selection) -> "Callable[[Progress], Made]":
    """Makes the version in another thread, whose refusals speak the language of this request."""
    here, spoken = _here(), language()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # what the other thread works with

    def making(progress: Progress) -> "Made":
        need_tables()
        from webapp.analyst.releases.making import make_release  # noqa: PLC0415

        with app.test_request_context():
            speak(spoken)
            made = make_release(here.maker(), name, selection, progress=progress)
        here.watch.look()  # somebody may have withdrawn while it was made
        return made

    return making


def _overview(given: MultiDict[str, str], faults: dict[str, str]) -> str:
    here = _here()
    _look()
    return render_template(
        "analyst/releases.html",
        sets=[(name, here.store.versions(name)) for name in here.store.names()],
        job=here.jobs.state,
        given=given,
        faults=faults,
        tables=TABLE_WORDS,
        anonymity=here.anonymity,
        is_withdrawn=lambda each: isinstance(each, WithdrawnVersion),
    )

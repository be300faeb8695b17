"""What the address of a withdrawn version answers: 410, and where its successor is (RFC 5829)."""

from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Response, make_response, render_template, request, url_for

from couch.clock import to_rfc3339
from webapp.analyst.releases.record import ReleaseRecord, WithdrawnVersion
from webapp.analyst.releases.store import ReleaseStore
from webapp.translation import gettext

_JSON, _HTML = "application/json", "text/html"


@dataclass(frozen=True, slots=True)
class Successor:
    """The version that takes its place, and the address of the same file in it, if it has that."""

    record: ReleaseRecord
    url: str


def gone(store: ReleaseStore, version: WithdrawnVersion, path: str | None) -> Response:
    """A page, or JSON for whoever does not ask for a page first. `path`: the file that was asked for."""
    successor = _successor(store, version, path)
    if request.accept_mimetypes.best_match([_JSON, _HTML]) == _HTML:
        page = render_template("analyst/release_gone.html", version=version, successor=successor)
        answer = make_response(page, 410)
    else:
        answer = Response(msgspec.json.encode(_problem(version, successor)), 410)
        answer.mimetype = "application/problem+json"
    answer.headers["Vary"] = "Accept"
    if successor is not None:
        answer.headers["Link"] = f'<{successor.url}>; rel="successor-version"'
    return answer


def _successor(store: ReleaseStore, version: WithdrawnVersion, path: str | None) -> Successor | None:
    record = store.newest(version.name, above=version.version)
    if record is None:
        return None
    if path is not None and record.file(path) is not None:
        url = url_for("data.file", name=record.name, number=record.version, path=path)
    else:
        url = url_for("data.version", name=record.name, number=record.version)
    return Successor(record, url)


def _problem(version: WithdrawnVersion, successor: Successor | None) -> dict[str, Any]:
    """As RFC 9457 asks for."""
    return {
        "type": "about:blank",
        "title": "Gone",
        "status": 410,
        "detail": gettext("This version was withdrawn, since households whose data it held withdrew."),
        "name": version.name,
        "version": version.version,
        "withdrawn_at": to_rfc3339(version.withdrawn_at),
        "households_erased": version.erased,
        "households_revoked": version.revoked,
        "successor": None if successor is None else successor.url,
    }

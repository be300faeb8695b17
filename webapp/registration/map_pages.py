"""What the map of the form draws: the regions' outlines, and the places of the table of postal codes."""

import hashlib

from flask import Response, abort, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from couch.names import RESEARCHER
from webapp.access import roles
from webapp.registration.blueprint import blueprint, here

_MOST_PLACES = 60


@blueprint.get("/outlines.json")
@roles(RESEARCHER)
def outlines() -> AnyResponse:
    found = here().regions.outlines()
    if found is None:
        abort(404)
    answer = Response(found, mimetype="application/json")
    answer.set_etag(hashlib.sha256(found.encode()).hexdigest())
    return answer.make_conditional(request)


@blueprint.get("/places.json")
@roles(RESEARCHER)
def places() -> Response:
    """The places with one `code`, or at most 60 in a box of degrees (`west`, `south`, `east`, `north`)."""
    known = here().places
    code = request.args.get("code")
    if code is not None:
        found = known.places(code)
    else:
        try:
            west, south, east, north = (
                float(request.args.get(side, "")) for side in ("west", "south", "east", "north")
            )
        except ValueError:
            abort(404)
        found = known.within(west, south, east, north, _MOST_PLACES)
    return jsonify(
        [
            {
                "postal_code": place.postal_code,
                "place": place.place,
                "latitude": place.latitude,
                "longitude": place.longitude,
            }
            for place in found
        ]
    )

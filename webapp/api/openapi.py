"""The OpenAPI 3.1 document of the API, made from the same descriptions that route and check.

`python -m webapp.api.openapi docs/openapi.json` writes it anew; a test keeps the file true.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import msgspec

from couch.documents.fields import UUID_PATTERN
from couch.names import SCOPES
from webapp.api.endpoints import ROUTES
from webapp.api.problems import CONTENT_TYPE, PROBLEMS
from webapp.api.route import Answer, Route
from webapp.api.schemas import REFERENCE, Json, components, parameters

VERSION = "1.0.0"
_JSON = "application/json"
_DEVICE, _PERSON = "device", "person"
INTRODUCTION = (
    "What a device, or software in its household, can ask of the centre where replication does not serve.",
    "Who: devices show the certificate of the survey's own authority (mutual TLS). It names the device, its "
    "household and its scopes; nothing in an address can reach another household. The last endpoint is for "
    "researchers and administrators who signed in.",
    "Refusals are problems as RFC 9457 describes them; their type is a place on the page /api.",
    "Reading again: answers carry an ETag; If-None-Match gets 304 where nothing changed.",
    "Pages: follow next in the body, or the header Link, until there is none.",
    "Times are UTC, YYYY-MM-DDTHH:MM:SSZ; identifiers are uuids in lower case. "
    "Integers are exact, so they are written without a fraction and an exponent.",
)


@cache
def document() -> Json:
    """The document. Do not change it: it is made once."""
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Household energy survey: Data API",
            "version": VERSION,
            "description": "\n\n".join(INTRODUCTION),
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "servers": [{"url": "/", "description": "this host"}],
        "paths": paths,
        "components": {
            "schemas": {**components(_types()), "Problem": _problem_schema()},
            "securitySchemes": _security_schemes(),
        },
    }


def text() -> str:
    """The document as its file holds it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _operation(route: Route) -> Json:
    found: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "description": route.description,
        "security": [{_DEVICE: [route.scope]}] if route.scope else [{_PERSON: list(route.roles)}],
        "parameters": [*_path_parameters(route), *(parameters(route.query) if route.query else ())],
        "responses": _responses(route),
    }
    if not found["parameters"]:
        del found["parameters"]
    if route.body:
        found["requestBody"] = {"required": True, "content": _content(_JSON, route.body.__name__)}
    return found


def _path_parameters(route: Route) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": f"uuid of the {name}",
            "schema": {"type": "string", "format": "uuid", "pattern": UUID_PATTERN},
        }


def _responses(route: Route) -> Json:
    found = {str(status): _success(route, answer) for status, answer in route.answers.items()}
    if route.method == "GET":
        found["304"] = {"description": "nothing changed since the answer with this ETag"}
    by_status: dict[int, list[str]] = {}
    for name in route.all_problems:
        by_status.setdefault(PROBLEMS[name].status, []).append(name)
    for status, names in by_status.items():
        found[str(status)] = _refusal(names)
    return dict(sorted(found.items()))


def _success(route: Route, answer: Answer) -> Json:
    told = {"ETag": "names this content"} if route.method == "GET" else {}
    headers = {
        name: {"description": means, "schema": {"type": "string"}}
        for name, means in {**told, **answer.headers}.items()
    }
    found = {"description": answer.means, "content": _content(_JSON, answer.body.__name__)}
    return {**found, "headers": headers} if headers else found


def _refusal(names: Sequence[str]) -> Json:
    said = "; ".join(f"{PROBLEMS[name].title} (`{PROBLEMS[name].type}`)" for name in names)
    return {"description": said, "content": _content(CONTENT_TYPE, "Problem")}


def _content(kind: str, name: str) -> Json:
    return {kind: {"schema": {"$ref": REFERENCE + name}}}


def _types() -> list[type[msgspec.Struct]]:
    answers = [answer.body for route in ROUTES for answer in route.answers.values()]
    bodies = [route.body for route in ROUTES if route.body]
    return list(dict.fromkeys([*answers, *bodies]))


def _problem_schema() -> Json:
    return {
        "description": "A refusal (RFC 9457).",
        "type": "object",
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "enum": [one.type for one in PROBLEMS.values()],
            },
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "what happened this time, in words"},
            "consent": {"$ref": REFERENCE + "ConsentState"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
                    "required": ["field", "reason"],
                },
            },
        },
        "required": ["type", "title", "status", "detail"],
    }


def _security_schemes() -> Json:
    return {
        _DEVICE: {
            "type": "mutualTLS",
            "description": f"The certificate of a device; its scopes are among {', '.join(SCOPES)}.",
        },
        _PERSON: {
            "type": "apiKey",
            "in": "cookie",
            "name": "survey_centre",
            "description": "The session of a person who signed in at /sign-in "
            "(over https the name begins with __Host-).",
        },
    }


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/openapi.json").write_text(text(), encoding="utf-8")

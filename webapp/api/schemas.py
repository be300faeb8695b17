"""JSON Schemas of the API's types, as OpenAPI 3.1 holds them."""

from collections.abc import Iterable
from typing import Any

import msgspec

Json = dict[str, Any]
REFERENCE = "#/components/schemas/"


def components(types: Iterable[type[msgspec.Struct]]) -> Json:
    """The schema of each type and of those inside them, by name."""
    _, found = msgspec.json.schema_components(list(types), ref_template=REFERENCE + "{name}")
    named = {name: tidy(found[name]) for name in sorted(found)}
    return {name: {key: value for key, value in one.items() if key != "title"} for name, one in named.items()}


def parameters(query: type[msgspec.Struct]) -> list[Json]:
    """The parameters of a query, each with what its value may be."""
    _, found = msgspec.json.schema_components([query], ref_template=REFERENCE + "{name}")
    schema = tidy(found[query.__name__])
    return [
        _parameter(name, dict(part), required=name in schema.get("required", ()))
        for name, part in schema["properties"].items()
    ]


def _parameter(name: str, part: Json, *, required: bool) -> Json:
    description = part.pop("description", "")
    if "anyOf" in part:  # None stands for the absent parameter, and is no value of it
        part = next(one for one in part["anyOf"] if one != {"type": "null"})
    if part.get("default", ...) is None:
        del part["default"]
    examples = part.pop("examples", [])
    shown = {"example": examples[0]} if examples else {}
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description or part.pop("description", ""),
        "schema": part,
        **shown,
    }


def tidy(value: Any) -> Any:
    """The same, all lists as JSON has them and patterns as ECMA 262 writes them."""
    if isinstance(value, dict):
        return {key: _pattern(item) if key == "pattern" else tidy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [tidy(item) for item in value]
    return value


def _pattern(value: Any) -> Any:
    return (
        value.removesuffix(r"\Z") + "$" if isinstance(value, str) and value.endswith(r"\Z") else tidy(value)
    )

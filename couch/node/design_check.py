"""Whether a design document may be stored: shapes of its members, and functions that compile.

Source: CouchDB `couch_mrview:validate/2`. As there, validators and filters are compiled when they are used.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from couch.node.answers import HttpError

_BUILTIN = re.compile(r"_(sum|count|stats|approx_count_distinct|first|last)|_(top|bottom)_(\d+)")
_MAX_RANK = 100


class Compiler(Protocol):
    """The part of the JavaScript engine that is needed here."""

    async def compile_errors(self, sources: list[str]) -> list[Any]:
        """What is wrong with each source (`error`, `reason`), None where it compiles."""


async def check_design(engine: Compiler, body: Mapping[str, Any]) -> None:
    """Make sure that a design document can be used.

    Raises:
        HttpError: 400 (`invalid_design_doc`, `compilation_error`) where it cannot.
    """
    _check_shapes(body)
    views = {name: view for name, view in body.get("views", {}).items() if name != "lib"}
    for view in views.values():
        _check_reduce(view.get("reduce"))
    if body.get("language", "javascript") != "javascript":
        return
    functions = list(_functions(views))
    if not functions:
        return
    errors = await engine.compile_errors([source for _, _, source in functions])
    for (kind, view_name, source), error in zip(functions, errors, strict=True):
        if error is not None:
            reason = f"Compilation of the {kind} function in the '{view_name}' view failed: {error.reason}"
            if source not in reason:
                reason += f" ({source})"
            raise HttpError(400, "compilation_error", reason)


def _functions(views: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, view in views.items():
        yield "map", name, view["map"]
        reduce_source = view.get("reduce")
        if reduce_source is not None and not reduce_source.startswith("_"):
            yield "reduce", name, reduce_source


def _check_reduce(source: str | None) -> None:
    if source is None or not source.startswith("_"):
        return
    found = _BUILTIN.match(source)
    if not found:
        raise _invalid(f"`{source}` is not a supported reduce function.")
    if found[3] is not None and not 1 <= int(found[3]) <= _MAX_RANK:
        raise _invalid(f"rank value must be between 1 and {_MAX_RANK}")


def _check_shapes(body: Mapping[str, Any]) -> None:
    for name in ("filters", "lists", "shows", "updates"):
        for key, value in _object(body, name, name).items():
            _need(value, f"{name}.{key}", str, dict)
    for name, kinds in (("language", (str,)), ("rewrites", (str, list)), ("validate_doc_update", (str,))):
        if name in body:
            _need(body[name], name, *kinds)
    options = _object(body, "options", "options")
    for name in ("include_design", "local_seq", "partitioned"):
        if name in options:
            _need(options[name], f"options.{name}", bool)
    map_kind = dict if body.get("language") == "query" else str
    views = _object(body, "views", "views")
    for name, view in views.items():
        _need(view, f"views.{name}", dict)
        if name == "lib":
            continue
        for member, kind in (("map", map_kind), ("reduce", str)):
            if member in view:
                _need(view[member], f"views.{name}.{member}", kind)
        if "map" not in view:
            raise _invalid(f"View `{name}` must contain map function")


_TYPE_NAMES = {str: "string", dict: "object", list: "array", bool: "boolean"}


def _object(body: Mapping[str, Any], name: str, path: str) -> Mapping[str, Any]:
    value = body.get(name, {})
    _need(value, path, dict)
    found: Mapping[str, Any] = value
    return found


def _need(value: object, path: str, *kinds: type) -> None:
    if not isinstance(value, kinds):
        names = " or ".join(_TYPE_NAMES[kind] for kind in kinds)
        raise _invalid(f"`{path}` field must have {names} type")


def _invalid(reason: str) -> HttpError:
    return HttpError(400, "invalid_design_doc", reason)

"""What a design document says about its views, read once; and the signature that names their index."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MapFunction:
    """One map function: views with the same source and options share its rows.

    `raw` means Erlang's order of terms instead of ICU's (`"options": {"collation": "raw"}`).
    """

    source: str
    raw: bool


@dataclass(frozen=True, slots=True)
class View:
    """One named view: the number of its map function in the group, and its reduce (None for none)."""

    name: str
    map: int
    reduce: str | None


@dataclass(frozen=True, slots=True)
class ViewGroup:
    """All views of one design document: they are indexed together.

    Attributes: `design` the document's id; `signature` the same for the same definitions, so that a design
    document that changes elsewhere keeps its index; `program` what a JavaScript worker needs to map.
    """

    design: str
    signature: str
    language: str
    maps: tuple[MapFunction, ...]
    views: Mapping[str, View]
    include_design: bool
    local_seq: bool
    program: str


def read_views(design: Json) -> ViewGroup:
    """The views of a design document that was checked when it was saved."""
    options = _object(design.get("options"))
    raw_views = _object(design.get("views"))
    language = design.get("language", "javascript")
    lib = raw_views.get("lib", {})
    maps: dict[MapFunction, int] = {}
    views: dict[str, View] = {}
    for name, value in raw_views.items():
        definition = _object(value)
        if "map" not in definition:
            continue
        raw = _object(definition.get("options")).get("collation") == "raw"
        source = definition["map"] if isinstance(definition["map"], str) else _text(definition["map"])
        number = maps.setdefault(MapFunction(source, raw), len(maps))
        views[name] = View(name, number, definition.get("reduce"))
    signed = [raw_views, language, options]
    return ViewGroup(
        design=str(design["_id"]),
        signature=hashlib.md5(_text(signed).encode(), usedforsecurity=False).hexdigest(),
        language=language,
        maps=tuple(maps),
        views=views,
        include_design=options.get("include_design") is True,
        local_seq=options.get("local_seq") is True,
        program=_text({"maps": [function.source for function in maps], "lib": lib}),
    )


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()

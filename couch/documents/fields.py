"""How a JSON object becomes a frozen value and back, without losing what this version does not know.

Units and forms: times are aware UTC with whole seconds (`YYYY-MM-DDTHH:MM:SSZ` in JSON), uuids are lower
case with hyphens, quantities are an integer and a power-of-ten scaler. Values are checked when read and
again when written.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Self, TypeVar, get_args, get_origin

import msgspec

from couch.errors import BadDocument

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
Uuid = Annotated[str, msgspec.Meta(pattern=UUID_PATTERN)]
Pseudonym = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]
Obis = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{12}$", description="OBIS code, six bytes in hex")]
Json = dict[str, Any]

_EXTRA = "__extra__"
_MISSING = re.compile(r"missing required field `(\w+)`")
D = TypeVar("D", bound="Document")


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON object inside a document; `extra` keeps the fields that this version does not know."""

    extra: dict[str, Any] = msgspec.field(default_factory=dict, name=_EXTRA)

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, datetime) and (value.utcoffset() != timedelta(0) or value.microsecond):
                raise ValueError(f"{name} must be UTC with whole seconds, not {value.isoformat()}")


class Document(Fields, frozen=True, kw_only=True, tag_field="type"):
    """A document of a database. Its `_id` is computed from its content, so writing twice is writing once."""

    rev: str | None = msgspec.field(default=None, name="_rev")

    @property
    def id(self) -> str:
        """The document's `_id`."""
        raise NotImplementedError(f"{type(self).__name__} computes no id")

    @classmethod
    def from_json(cls, doc: Json) -> Self:
        """The typed value of a stored document.

        Raises BadDocument, which names the document, the field and the reason.
        """
        name = str(doc.get("_id", "without _id"))
        body = {key: value for key, value in doc.items() if key != "_id"}
        value = _convert(gather_unknown(cls, body), cls, name)
        if "_id" in doc and value.id != doc["_id"]:
            raise BadDocument(name, "_id", f"its content says {value.id}")
        return value

    def to_json(self) -> Json:
        """The document as CouchDB stores it, `_id` first, `_rev` only where there is one.

        Raises BadDocument when a value was built that its own model would not read back.
        """
        raw: Json = msgspec.to_builtins(self)
        _convert(raw, type(self), self.id)
        body = spread_unknown(raw)
        if body.get("_rev") is None:
            body.pop("_rev", None)
        return {"_id": self.id, **body}


def utc(moment: datetime) -> datetime:
    """`moment` in UTC, cut to whole seconds, as documents hold it."""
    return moment.astimezone(UTC).replace(microsecond=0)


def stamp(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, the form that stands in ids."""
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def _convert(raw: Json, cls: type[D], name: str) -> D:
    try:
        return msgspec.convert(raw, cls)
    except msgspec.ValidationError as err:
        reason, _, path = str(err).partition(" - at `")
        missing = _MISSING.search(reason)  # msgspec names the object that lacks it, we the field itself
        path = path.rstrip("`").removeprefix("$") + (f".{missing.group(1)}" if missing else "")
        field = path.removeprefix(".") or "the document"
        raise BadDocument(name, field, reason) from err


def _struct_in(annotation: Any) -> type[Fields] | None:
    """The Fields class that an annotation such as `tuple[Reading, ...]` or `Contact | None` speaks of."""
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, Fields):
        return annotation
    for part in get_args(annotation):
        found = _struct_in(part)
        if found is not None:
            return found
    return None


@cache
def _known_fields(cls: type[Fields]) -> dict[str, type[Fields] | None]:
    """The JSON names of the class's fields, each with the Fields class inside it (asked for often)."""
    return {field.encode_name: _struct_in(field.type) for field in msgspec.structs.fields(cls)}


def gather_unknown(cls: type[Fields], body: Json) -> Json:
    """A copy of `body` in which the fields unknown to `cls` stand under one reserved key."""
    known = _known_fields(cls)
    out: Json = {}
    extra: Json = {}
    for key, value in body.items():
        if key == "type" and issubclass(cls, Document):
            out[key] = value
        elif key not in known or key == _EXTRA:
            extra[key] = value
        else:
            inner = known[key]
            out[key] = value if inner is None else _gather_value(inner, value)
    if extra:
        out[_EXTRA] = extra
    return out


def _gather_value(cls: type[Fields], value: Any) -> Any:
    if isinstance(value, dict):
        return gather_unknown(cls, value)
    if isinstance(value, list):
        return [_gather_value(cls, item) for item in value]
    return value


def spread_unknown(value: Any) -> Any:
    """The inverse of `gather_unknown`, at every depth."""
    if isinstance(value, dict):
        extra = value.get(_EXTRA, {})
        out = {key: spread_unknown(item) for key, item in value.items() if key != _EXTRA}
        return {**out, **extra}
    if isinstance(value, list | tuple):
        return [spread_unknown(item) for item in value]
    return value


__all__ = ["Document", "Fields", "Json", "Obis", "Pseudonym", "Uuid", "stamp", "utc"]

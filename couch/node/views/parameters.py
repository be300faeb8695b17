"""The parameters of a view query: read from the URL and the body, checked as CouchDB 3.5 checks them.

Source: couch_mrview_http.erl (parse_param) and couch_mrview_util.erl (validate_args) there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from couch.node.answers import bad_request, query_parse_error
from couch.node.views.definition import View

EXACT = -1  # the group level of group=true: each key is a group
_NAMES = {
    "startkey": "start_key",
    "endkey": "end_key",
    "startkey_docid": "start_key_doc_id",
    "endkey_docid": "end_key_doc_id",
}


_Reader = Callable[[Any], Any]


class _Unset:
    """No key given: null is a key."""


UNSET = _Unset()


@dataclass(frozen=True, slots=True)
class QueryParameters:
    """One query of a view. Keys are decoded JSON; UNSET where not given."""

    start_key: Any = UNSET
    end_key: Any = UNSET
    start_key_doc_id: str | None = None
    end_key_doc_id: str | None = None
    keys: list[Any] | None = None
    limit: int | None = None
    skip: int = 0
    descending: bool = False
    inclusive_end: bool = True
    include_docs: bool = False
    conflicts: bool = False
    update_seq: bool = False
    update: Literal["true", "false", "lazy"] = "true"
    reduce: bool | None = None
    group: bool | None = None
    group_level: int | None = None

    @property
    def level(self) -> int:
        """How far keys are grouped: 0 not at all, EXACT by the whole key."""
        if self.group_level is not None:
            return self.group_level
        return EXACT if self.group else 0

    def reduces(self, view: View) -> bool:
        """Whether the answer holds reductions instead of rows."""
        return view.reduce is not None and self.reduce is not False


def from_url(query: Iterable[tuple[str, str]], base: QueryParameters | None = None) -> QueryParameters:
    """Parameters of a URL, on top of `base`. Raises HttpError 400."""
    return _read(query, base or QueryParameters(), _decode, _number)


def from_body(body: Mapping[str, Any], base: QueryParameters | None = None) -> QueryParameters:
    """Parameters of a JSON object, on top of `base`. Raises HttpError 400."""
    return _read(body.items(), base or QueryParameters(), lambda value: value, lambda value: value)


def _read(
    items: Iterable[tuple[str, Any]], base: QueryParameters, key: _Reader, number: _Reader
) -> QueryParameters:
    found: dict[str, Any] = {}
    for given, value in items:
        name = _NAMES.get(given, given)
        if name in ("start_key", "end_key"):
            found[name] = key(value)
        elif name == "key":
            found["start_key"] = found["end_key"] = key(value)
        elif name == "keys":
            found |= _keys(key(value))
        elif name in ("start_key_doc_id", "end_key_doc_id"):
            found[name] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        elif name in ("limit", "skip", "group_level"):
            found[name] = _natural(number(value))
        elif name in _BOOLEANS:
            found[name] = _boolean(value)
        elif name in _CHOICES:
            found |= _choice(name, value)
        elif name == "partition":
            raise query_parse_error("`partition` parameter is not supported in this design doc")
    return replace(base, **found)


_BOOLEANS = (
    "reduce", "group", "descending", "inclusive_end", "include_docs", "conflicts", "update_seq",
)  # fmt: skip
_CHOICES: dict[str, dict[str, Any]] = {
    "update": {"true": {"update": "true"}, "false": {"update": "false"}, "lazy": {"update": "lazy"}},
    "stale": {"ok": {"update": "false"}, "update_after": {"update": "lazy"}},
    "stable": {"true": {}, "false": {}},  # one node: always stable
}


def _keys(keys: Any) -> dict[str, Any]:
    if not isinstance(keys, list):
        raise query_parse_error("`keys` must be an array of strings.")
    if len(keys) == 1:
        return {"start_key": keys[0], "end_key": keys[0]}
    return {"keys": keys}


def _decode(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
    except msgspec.DecodeError:
        raise bad_request("invalid UTF-8 JSON") from None


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return text


def _natural(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        shown = f'"{value}"' if isinstance(value, str) else value
        raise query_parse_error(f"Invalid value for integer: {shown}")
    if value < 0:
        raise query_parse_error(f'Invalid value for positive integer: "{value}"')
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    shown = f'"{value}"' if isinstance(value, str) else value
    raise query_parse_error(f"Invalid boolean parameter: {shown}")


def _choice(name: str, value: Any) -> dict[str, Any]:
    text = str(value).lower() if isinstance(value, bool) else value
    if not isinstance(text, str) or text not in _CHOICES[name]:
        raise query_parse_error(f"Invalid value for `{name}`.")
    chosen: dict[str, Any] = _CHOICES[name][text]
    return chosen


def check_parameters(parameters: QueryParameters, view: View) -> None:
    """Refuse parameters that do not fit the view or each other. Raises HttpError 400."""
    if parameters.group is False and parameters.group_level:
        raise query_parse_error("Can't specify group=false and group_level>0 at the same time")
    if view.reduce is None and parameters.reduce:
        raise query_parse_error("Reduce is invalid for map-only views.")
    reduces = parameters.reduces(view)
    if reduces and parameters.level != EXACT and parameters.keys is not None:
        raise query_parse_error("Multi-key fetches for reduce views must use `group=true`")
    if parameters.keys and (parameters.start_key is not UNSET or parameters.end_key is not UNSET):
        raise query_parse_error("`keys` is incompatible with `key`, `start_key` and `end_key`")
    if not reduces and parameters.level != 0:
        raise query_parse_error("Invalid use of grouping on a map view.")
    if reduces and parameters.include_docs:
        raise query_parse_error("`include_docs` is invalid for reduce")
    if reduces and parameters.conflicts:
        raise query_parse_error("`conflicts` is invalid for reduce views.")

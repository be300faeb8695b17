"""Mango selectors brought into one form, as CouchDB 3.5 does before it matches (mango_selector.erl there).

Every condition becomes explicit, field names are joined to paths, negations move down to the comparisons.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

Condition = tuple[str, Any]  # an operator or a field path, and what stands behind it

LISTS = ("$and", "$or", "$nor")
NESTED = ("$elemMatch", "$allMatch", "$keyMapMatch")
COMPARISONS = ("$lt", "$lte", "$eq", "$ne", "$gte", "$gt")
_NEGATED = {
    "$lt": "$gte", "$lte": "$gt", "$eq": "$ne", "$ne": "$eq", "$gte": "$lt", "$gt": "$lte",
    "$in": "$nin", "$nin": "$in",
}  # fmt: skip
_UNSUPPORTED = ("$where", "$geoWithin", "$geoIntersects", "$near", "$nearSphere", "$text")


class SelectorError(Exception):
    """A selector that cannot be understood. Attributes: `error` and `reason` as CouchDB words them (400)."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(f"{error}: {reason}")
        self.error, self.reason = error, reason


def normal_form(selector: Any) -> Condition:
    """The one form of a selector that is not empty. Raises SelectorError."""
    if not isinstance(selector, dict):
        raise SelectorError(
            "invalid_selector_json", f"Selector must be a JSON object, not: {_show(selector)}"
        )
    return _push_negations(_join_fields(_make_explicit(selector), ""))


def _make_explicit(condition: Any) -> Condition:
    if not isinstance(condition, dict) or not condition:
        return ("$eq", condition)
    if len(condition) > 1:
        return ("$and", [_make_explicit({name: argument}) for name, argument in condition.items()])
    ((name, argument),) = condition.items()
    if not name.startswith("$"):
        return (name, _make_explicit(argument))
    if name in _UNSUPPORTED:
        raise SelectorError("not_supported", f"Unsupported operator: {name}")
    if name not in _ARGUMENTS:
        raise SelectorError("invalid_operator", f"Invalid operator: {name}")
    if not _ARGUMENTS[name](argument):
        raise SelectorError("bad_arg", f"Bad argument for operator {name}: {_show(argument)}")
    if name in LISTS:
        return (name, [_make_explicit(one) for one in argument])
    if name in NESTED or name == "$not":
        return (name, _make_explicit(argument))
    return (name, argument)


def _join_fields(condition: Condition, path: str) -> Condition:
    name, argument = condition
    if name in LISTS:
        return (name, [_join_fields(one, path) for one in argument])
    if name == "$not":
        return (name, _join_fields(argument, path))
    if name in NESTED:
        return (path, (name, _join_fields(argument, "")))
    if name.startswith("$"):
        return (path, condition)
    return _join_fields(argument, f"{path}.{name}" if path else name)


def _push_negations(condition: Condition) -> Condition:
    name, argument = condition
    if name == "$not":
        return _negate(argument)
    if name == "$nor":
        return ("$and", [_negate(one) for one in argument])
    if name in ("$and", "$or"):
        return (name, [_push_negations(one) for one in argument])
    if name in NESTED:
        return (name, _push_negations(argument))
    return condition


def _negate(condition: Condition) -> Condition:  # noqa: PLR0911 - one for each kind of condition
    name, argument = condition
    if name == "$not":
        return _push_negations(argument)
    if name == "$nor":
        return ("$or", [_push_negations(one) for one in argument])
    if name in ("$and", "$or"):
        return ("$or" if name == "$and" else "$and", [_negate(one) for one in argument])
    if name in _NEGATED:
        return (_NEGATED[name], argument)
    if name == "$exists":
        return (name, not argument)
    if name.startswith("$"):
        return ("$not", condition)
    return (name, _negate(argument))


def is_integer(value: Any) -> bool:
    """An integer as JSON has it: true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_regex(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _is_mod(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(is_integer(one) for one in value)


_ARGUMENTS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys((*LISTS, "$in", "$nin", "$all"), _is_list),
    **dict.fromkeys((*NESTED, "$not"), lambda value: isinstance(value, dict)),
    **dict.fromkeys(COMPARISONS, lambda _value: True),
    "$exists": lambda value: isinstance(value, bool),
    "$type": lambda value: isinstance(value, str),
    "$mod": _is_mod,
    "$regex": _is_regex,
    "$beginsWith": lambda value: isinstance(value, str),
    "$size": lambda value: is_integer(value) and value >= 0,
}


def _show(value: Any) -> str:
    return msgspec.json.encode(value).decode()[:200]

"""Mango selectors: whether a document matches, judged as CouchDB 3.5 does (mango_selector.erl there).

CouchDB's answers depend on the form that a selector is brought into first (`selector_form.py`): `{"$not":
{"n": 1}}` becomes `{"n": {"$ne": 1}}`, which a document without `n` does not match.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from couch.node.collation import collation_key, raw_key
from couch.node.selector_form import COMPARISONS, NESTED, Condition, SelectorError, is_integer, normal_form

__all__ = ["Matcher", "SelectorError", "compile_selector"]

Matcher = Callable[[Any], bool]

_ABSENT = object()  # no such member
_NO_PATH = object()  # what should have members has none: then not even `{"$exists": false}` matches


def compile_selector(selector: Any) -> Matcher:
    """A function that says whether a document matches. Raises SelectorError."""
    if selector == {}:
        return lambda _document: True
    return _compile(normal_form(selector), collation_key)


def _compile(condition: Condition, order: Callable[[Any], bytes]) -> Matcher:  # noqa: PLR0911 - one a kind
    name, argument = condition
    if name == "":
        return _compile(argument, order)
    if name in ("$and", "$or"):
        parts = [_compile(one, order) for one in argument]
        if name == "$and" or not parts:  # an empty $or matches, as in CouchDB
            return lambda value: all(part(value) for part in parts)
        return lambda value: any(part(value) for part in parts)
    if name == "$not":
        negated = _compile(argument, order)
        return lambda value: not negated(value)
    if name in NESTED:
        return _compile_nested(name, _compile(argument, order))
    if name in COMPARISONS:
        return _compile_comparison(name, order(argument), order)
    if name in ("$in", "$nin"):
        return _compile_in(name, {order(one) for one in argument}, order)
    if name.startswith("$"):
        return _TESTS[name](argument)
    return _compile_field(name, argument, order)


def _compile_field(name: str, condition: Condition, order: Callable[[Any], bytes]) -> Matcher:
    path = _parse_path(name)
    test = _compile(condition, raw_key if name == "_id" else order)  # ids are compared by their bytes
    if condition == ("$exists", False):
        return lambda document: _at(document, path) is _ABSENT

    def matches(document: Any) -> bool:
        value = _at(document, path)
        return value is not _ABSENT and value is not _NO_PATH and test(value)

    return matches


def _parse_path(name: str) -> list[str]:
    parts = re.split(r"(?<!\\)\.", name)
    if "" in parts:
        raise SelectorError("invalid_field_name", f"Invalid field name: {name}")
    return [part.replace("\\", "") for part in parts]


def _at(value: Any, path: list[str]) -> Any:
    for name in path:
        if isinstance(value, dict):
            if name not in value:
                return _ABSENT
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return _NO_PATH
    return value


class _NotUnderstoodError(Exception):
    """CouchDB leaves `$nor` as it is below these operators, and then fails on it: nothing matches."""


def _fail(_value: Any) -> bool:
    raise _NotUnderstoodError


def _compile_nested(name: str, test: Matcher) -> Matcher:
    def matches(value: Any) -> bool:
        try:
            if name == "$elemMatch":
                return isinstance(value, list) and any(test(one) for one in value)
            if name == "$allMatch":
                return isinstance(value, list) and bool(value) and all(test(one) for one in value)
            return isinstance(value, dict) and any(test(key) for key in value)
        except _NotUnderstoodError:
            return False

    return matches


def _compile_comparison(name: str, bound: bytes, order: Callable[[Any], bytes]) -> Matcher:
    compared: dict[str, Matcher] = {
        "$lt": lambda value: order(value) < bound,
        "$lte": lambda value: order(value) <= bound,
        "$eq": lambda value: order(value) == bound,
        "$ne": lambda value: order(value) != bound,
        "$gte": lambda value: order(value) >= bound,
        "$gt": lambda value: order(value) > bound,
    }
    return compared[name]


def _compile_in(name: str, wanted: set[bytes], order: Callable[[Any], bytes]) -> Matcher:
    def is_in(value: Any) -> bool:
        return (
            any(order(one) in wanted for one in value) if isinstance(value, list) else order(value) in wanted
        )

    return is_in if name == "$in" else lambda value: not is_in(value)


def _compile_all(wanted: list[Any]) -> Matcher:
    needed = {_exact(one) for one in wanted}
    whole = _exact(wanted[0]) if len(wanted) == 1 and isinstance(wanted[0], list) else None

    def has_all(value: Any) -> bool:
        if not wanted or not isinstance(value, list):
            return False
        return needed <= {_exact(one) for one in value} or (whole is not None and _exact(value) == whole)

    return has_all


def _compile_mod(argument: list[int]) -> Matcher:
    divisor, remainder = argument

    def leaves(value: Any) -> bool:
        if not is_integer(value) or divisor == 0:
            return False
        rest = abs(value) % abs(divisor)  # the sign of the dividend, as Erlang's rem
        signed: int = rest if value >= 0 else -rest
        return signed == remainder

    return leaves


def _compile_regex(pattern: str) -> Matcher:
    found = re.compile(pattern).search
    return lambda value: isinstance(value, str) and found(value) is not None


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


_TESTS: dict[str, Callable[[Any], Matcher]] = {
    "$nor": lambda _conditions: _fail,
    "$exists": lambda wanted: lambda _value: wanted,
    "$type": lambda wanted: lambda value: _type_name(value) == wanted,
    "$mod": _compile_mod,
    "$regex": _compile_regex,
    "$beginsWith": lambda prefix: lambda value: isinstance(value, str) and value.startswith(prefix),
    "$size": lambda size: lambda value: isinstance(value, list) and len(value) == size,
    "$all": _compile_all,
}


def _exact(value: Any) -> bytes:
    return msgspec.json.encode(value)

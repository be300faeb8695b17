"""`_sum` and `_stats`: numbers, arrays of numbers and objects of them, added up as CouchDB 3.5 does."""

from typing import Any

from couch.node.answers import HttpError

_SUM_ERROR = (
    "The _sum function requires that map values be numbers, arrays of numbers, or objects. Objects cannot be "
    "mixed with other data structures. Objects can be arbitrarily nested, provided that the values for all "
    "fields are themselves numbers, arrays of numbers, or objects."
)
_NUMBERS = 1000  # kept before they are added up
_STATS = ("sum", "count", "min", "max", "sumsqr")


class Sum:
    """The sum of a group; where a value cannot be added, an object that says so, as in CouchDB."""

    def __init__(self) -> None:
        self._total: Any = 0
        self._error: Any = None

    def add(self, key: str, value: Any) -> None:
        if self._error is not None:
            return
        try:
            self._total = _sum_values(value, self._total)
        except _BadSum as bad:
            self._error = {"error": "builtin_reduce_error", "reason": _SUM_ERROR, "caused_by": bad.value}

    def result(self) -> Any:
        return self._total if self._error is None else self._error


class _BadSum(Exception):  # noqa: N818
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _sum_values(value: Any, total: Any) -> Any:
    if _is_number(value) and _is_number(total):
        return total + value
    if (_is_number(value) or isinstance(value, list)) and (_is_number(total) or isinstance(total, list)):
        return _sum_arrays(
            value if isinstance(value, list) else [value], total if isinstance(total, list) else [total]
        )
    if isinstance(value, dict):
        if total == 0 and _is_number(total):
            return value
        if isinstance(total, dict):
            names = sorted({*value, *total})
            return {name: _sum_members(value, total, name) for name in names}
    raise _BadSum(value)


def _sum_members(value: dict[str, Any], total: dict[str, Any], name: str) -> Any:
    if name in value and name in total:
        return _sum_values(value[name], total[name])
    return value[name] if name in value else total[name]


def _sum_arrays(value: list[Any], total: list[Any]) -> list[Any]:
    if not all(_is_number(item) for item in (*value[: len(total)], *total[: len(value)])):
        raise _BadSum(value)
    longer = value if len(value) > len(total) else total
    return [a + b for a, b in zip(value, total, strict=False)] + longer[min(len(value), len(total)) :]


class Stats:
    """Sum, count, least, greatest and sum of squares.

    `add` raises HttpError 500 where a value is none of the allowed kinds.
    """

    def __init__(self) -> None:
        self._stats: Any = None
        self._numbers: list[Any] = []  # not yet among `_stats`: plain numbers, added up in one go

    def add(self, key: str, value: Any) -> None:
        if _is_number(value):
            self._numbers.append(value)
            if len(self._numbers) < _NUMBERS:
                return
            value = self._taken()
        elif self._numbers:
            self._merge(self._taken())
        self._merge(value)

    def result(self) -> Any:
        if self._numbers:
            self._merge(self._taken())
        return self._stats

    def _taken(self) -> dict[str, Any]:
        """What the numbers that were kept add up to; none is kept any more."""
        numbers, self._numbers = self._numbers, []
        return {
            "sum": sum(numbers),
            "count": len(numbers),
            "min": min(numbers),
            "max": max(numbers),
            "sumsqr": sum(number * number for number in numbers),
        }

    def _merge(self, value: Any) -> None:
        stats = _to_stats(value)
        self._stats = stats if self._stats is None else _merge_stats(stats, self._stats)


def _to_stats(value: Any) -> Any:
    if isinstance(value, list):
        return [_to_stats(item) for item in value]
    if _is_number(value):
        return {"sum": value, "count": 1, "min": value, "max": value, "sumsqr": value * value}
    if isinstance(value, dict):
        for name in _STATS:
            if not _is_number(value.get(name)):
                raise _bad_stats(f"user _stats input missing required field {name}")
        return {name: value[name] for name in _STATS}
    raise _bad_stats("The _stats function requires that map values be numbers or arrays of numbers")


def _merge_stats(a: Any, b: Any) -> Any:
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [_merge_stats(one, other) for one, other in zip(a, b, strict=True)]
    if isinstance(a, list) or isinstance(b, list):
        raise _bad_stats("The _stats function requires arrays of the same length")
    return {
        "sum": a["sum"] + b["sum"],
        "count": a["count"] + b["count"],
        "min": min(a["min"], b["min"]),
        "max": max(a["max"], b["max"]),
        "sumsqr": a["sumsqr"] + b["sumsqr"],
    }


def _bad_stats(reason: str) -> HttpError:
    return HttpError(500, "invalid_value", reason)

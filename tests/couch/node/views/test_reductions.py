"""CouchDB's own reduce functions, each over the values of one group."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couch.node.answers import HttpError
from couch.node.views.reduction import builtin, is_builtin


def reduced(name: str, values: list[Any], keys: list[str] | None = None, *, descending: bool = False) -> Any:
    reducer = builtin(name, descending=descending)()
    for key, value in zip(keys or ["null"] * len(values), values, strict=True):
        reducer.add(key, value)
    return reducer.result()


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([1, 2, 3.5], 6.5),
        ([[1, 2], [3]], [4, 2]),
        ([1, [1, 2]], [2, 2]),
        ([{"a": 1, "b": [1]}, {"a": 1.5, "c": 2}], {"a": 2.5, "b": [1], "c": 2}),
        ([{"a": {"b": 1}}, {"a": {"b": 2}}], {"a": {"b": 3}}),
        ([10**20, 1], 10**20 + 1),
    ],
)
def test_sum_adds_numbers_arrays_and_objects(values: list[Any], total: Any) -> None:
    assert reduced("_sum", values) == total


@pytest.mark.parametrize(
    "values", [["x"], [1, None], [True], [{"a": 1}, 1], [[1, "x"], [1, 1]], [1, {"a": 1}]]
)
def test_sum_answers_with_an_error_where_it_cannot_add(values: list[Any]) -> None:
    assert reduced("_sum", values)["error"] == "builtin_reduce_error"


def test_stats_takes_numbers_arrays_and_earlier_statistics() -> None:
    one = {"sum": 5, "count": 2, "min": 1, "max": 4, "sumsqr": 17}
    assert reduced("_stats", [one, 3]) == {"sum": 8, "count": 3, "min": 1, "max": 4, "sumsqr": 26}
    assert [part["sum"] for part in reduced("_stats", [[1, 2], [3, 4]])] == [4, 6]


@pytest.mark.parametrize("values", [["x"], [None], [True], [{"sum": 1}], [[1], [1, 2]], [[1], 1]])
def test_stats_refuses_what_is_no_number(values: list[Any]) -> None:
    with pytest.raises(HttpError) as caught:
        reduced("_stats", values)
    assert (caught.value.status, caught.value.error) == (500, "invalid_value")


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=30))
def test_statistics_are_those_of_the_values(values: list[int]) -> None:
    assert reduced("_stats", values) == {
        "sum": sum(values),
        "count": len(values),
        "min": min(values),
        "max": max(values),
        "sumsqr": sum(value * value for value in values),
    }
    assert reduced("_count", values) == len(values)


def test_distinct_keys_are_counted_once() -> None:
    assert reduced("_approx_count_distinct", [1, 1, 1], ["1", "1", "2"]) == 2


def test_first_and_last_follow_the_view_in_both_directions() -> None:
    assert (reduced("_first", ["a", "b"]), reduced("_last", ["a", "b"])) == ("a", "b")
    assert (
        reduced("_first", ["b", "a"], descending=True),
        reduced("_last", ["b", "a"], descending=True),
    ) == (
        "a",
        "b",
    )


def test_ranks_hold_the_highest_and_lowest_values() -> None:
    assert reduced("_top_2", [1, "x", 3, "x", None]) == ["x", 3]
    assert reduced("_bottom_2", [1, "x", 3, "x", None]) == [None, 1]


def test_other_names_are_no_function_of_couchdb() -> None:
    assert is_builtin("_sum")
    assert not is_builtin("_median")
    assert not is_builtin("function () {}")

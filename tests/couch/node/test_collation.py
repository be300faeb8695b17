"""The order of views, against orders that CouchDB gave and against the definition of it."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couch.node.collation import HIGHEST, collation_key, raw_key

RECORDED = json.loads(Path(__file__).with_name("recorded_orders.json").read_text())

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(("order", "key"), [("collated", collation_key), ("raw", raw_key)])
def test_keys_sort_as_couchdb_answered_them(order: str, key) -> None:
    recorded = RECORDED[order]
    wrong = [(a, b) for a, b in pairwise(recorded) if key(a) > key(b)]
    assert wrong == []


def test_equal_numbers_have_equal_keys() -> None:
    assert collation_key(1) == collation_key(1.0)
    assert collation_key(0) == collation_key(-0.0)


def test_texts_that_differ_in_ignorable_characters_have_equal_keys() -> None:
    assert collation_key("a\u0001") == collation_key("a")


def test_a_number_beyond_every_double_sorts_after_all_of_them() -> None:
    assert collation_key(1e308) < collation_key(10**400)
    assert collation_key(-(10**400)) < collation_key(-1e308)


@given(st.integers(-(2**53), 2**53), st.floats(allow_nan=False))
def test_numbers_sort_by_value(a: int, b: float) -> None:
    assert (collation_key(a) < collation_key(b)) == (a < b)
    assert (collation_key(a) == collation_key(b)) == (a == b)


@given(values, values)
def test_elements_decide_before_length(a: object, b: object) -> None:
    if collation_key(a) < collation_key(b):
        assert collation_key([a, "z"]) < collation_key([b])
        assert collation_key({"k": a, "z": 1}) < collation_key({"k": b})


@given(values, st.lists(values, max_size=3))
def test_a_prefix_sorts_before_what_it_begins(first: object, rest: list[object]) -> None:
    assert collation_key([first]) <= collation_key([first, *rest]) < collation_key([first, *rest, {}])


@given(values)
def test_every_key_lies_below_the_highest(value: object) -> None:
    assert b"" < collation_key(value) < HIGHEST
    assert b"" < raw_key(value) < HIGHEST


@given(st.text(max_size=8), st.text(max_size=8))
def test_raw_texts_sort_by_their_bytes(a: str, b: str) -> None:
    assert (raw_key(a) < raw_key(b)) == (a.encode() < b.encode())


@given(st.lists(st.text(max_size=4), max_size=3), st.lists(st.text(max_size=4), max_size=3))
def test_raw_arrays_of_texts_sort_element_by_element(a: list[str], b: list[str]) -> None:
    assert (raw_key(a) < raw_key(b)) == ([x.encode() for x in a] < [x.encode() for x in b])

"""Mango selectors, against what CouchDB matched."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couch.node.selector import SelectorError, compile_selector

RECORDED = json.loads(Path(__file__).with_name("recorded_selectors.json").read_text())


def test_selectors_match_what_couchdb_matched() -> None:
    for case in RECORDED["selectors"]:
        matches = compile_selector(case["selector"])
        found = sorted(document["_id"] for document in RECORDED["documents"] if matches(document))
        assert found == case["matches"], case["selector"]


@pytest.mark.parametrize("case", RECORDED["refused"], ids=lambda case: json.dumps(case["selector"]))
def test_a_selector_that_couchdb_refuses_is_refused_in_its_words(case: dict) -> None:
    with pytest.raises(SelectorError) as caught:
        compile_selector(case["selector"])
    assert caught.value.reason == case["reason"]


@pytest.mark.parametrize("selector", [None, 5, [], "type"])
def test_a_selector_is_an_object(selector: object) -> None:
    with pytest.raises(SelectorError, match="invalid_selector_json"):
        compile_selector(selector)


@pytest.mark.parametrize("name", ["a..b", ".a", "a."])
def test_a_field_name_has_no_empty_part(name: str) -> None:
    with pytest.raises(SelectorError, match="invalid_field_name"):
        compile_selector({name: 1})


def test_an_unreadable_regular_expression_is_refused() -> None:
    with pytest.raises(SelectorError, match="bad_arg"):
        compile_selector({"name": {"$regex": "("}})


def test_a_backslash_keeps_a_dot_in_a_name() -> None:
    matches = compile_selector({"a\\.b": 1})
    assert matches({"a.b": 1})
    assert not matches({"a": {"b": 1}})


def test_the_push_of_a_device_passes_its_own_types_only() -> None:
    matches = compile_selector({"type": {"$in": ["consent", "report"]}, "_deleted": {"$exists": False}})
    assert matches({"_id": "consent:granted", "type": "consent"})
    assert not matches({"_id": "consent:granted", "type": "consent", "_deleted": True})
    assert not matches({"_id": "registration", "type": "registration"})


fields = st.sampled_from(["a", "b"])
documents = st.dictionaries(fields, st.integers(0, 3), max_size=2)
comparisons = st.tuples(st.sampled_from(["$lt", "$lte", "$eq", "$ne", "$gte", "$gt"]), st.integers(0, 3))


@given(documents, fields, comparisons)
def test_a_negation_never_matches_where_the_field_is_missing(
    doc: dict, field: str, comparison: tuple
) -> None:
    condition = {field: dict([comparison])}
    matched, negated = compile_selector(condition)(doc), compile_selector({"$not": condition})(doc)
    assert (matched != negated) == (field in doc)


@given(documents, comparisons, comparisons)
def test_several_members_mean_all_of_them(doc: dict, one: tuple, other: tuple) -> None:
    left, right = {"a": dict([one])}, {"b": dict([other])}
    together = compile_selector({**left, **right})(doc)
    assert together == (compile_selector(left)(doc) and compile_selector(right)(doc))
    assert together == compile_selector({"$and": [left, right]})(doc)

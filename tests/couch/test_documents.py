"""Documents: JSON to value and back, whatever fields stand in them."""

import copy
import functools
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from couch.documents import (
    GRANTED_ID,
    REVOKED_ID,
    Author,
    Consent,
    ConsentState,
    Document,
    Json,
    Measurement,
    Reading,
    TimeProvenance,
    consent_state,
)
from couch.errors import BadDocument
from couch.schemas import ID_FORMS, models

# Generous, since the machine that runs the tests may be busy; many models, few examples of each.
FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001 - made aware here
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS
UNKNOWN = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2), max_leaves=4
)


def _texts(kind: inspect.StrType) -> st.SearchStrategy[str]:
    if kind.pattern is None:
        longest = min(kind.max_length or 12, 12)
        return st.text(st.characters(codec="utf-8"), min_size=kind.min_length or 0, max_size=longest)
    found = st.from_regex(kind.pattern, fullmatch=True, alphabet=st.characters(codec="utf-8"))
    return found.filter(lambda text: not text.endswith("\n") and len(text) <= (kind.max_length or 200))


def _floats(kind: inspect.FloatType) -> st.SearchStrategy[float]:
    low = kind.ge if kind.ge is not None else kind.gt
    return st.floats(low, kind.le, allow_nan=False, allow_infinity=False, exclude_min=kind.gt is not None)


VALUES: dict[type[inspect.Type], Callable[[Any], st.SearchStrategy[Any]]] = {
    inspect.StrType: _texts,
    inspect.IntType: lambda kind: st.integers(kind.ge if kind.ge is not None else -(2**60), kind.le or 2**60),
    inspect.FloatType: _floats,
    inspect.DateTimeType: lambda kind: MOMENTS,
    inspect.DateType: lambda kind: st.dates(),
    inspect.BoolType: lambda kind: st.booleans(),
    inspect.NoneType: lambda kind: st.none(),
    inspect.AnyType: lambda kind: UNKNOWN,
    inspect.LiteralType: lambda kind: st.sampled_from(kind.values),
    inspect.EnumType: lambda kind: st.sampled_from(list(kind.cls)),
    inspect.UnionType: lambda kind: st.one_of([_values(one) for one in kind.types]),
    inspect.VarTupleType: lambda kind: st.lists(
        _values(kind.item_type), min_size=kind.min_length or 0, max_size=3
    ).map(tuple),
    inspect.DictType: lambda kind: st.dictionaries(
        _values(kind.key_type), _values(kind.value_type), max_size=2
    ),
    inspect.StructType: lambda kind: _structs(kind.cls),
}


def _values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Values that a model's field takes."""
    if isinstance(kind, inspect.Metadata):
        return _values(kind.type)
    return VALUES[type(kind)](kind)


@functools.cache
def _structs(model: type) -> st.SearchStrategy[Any]:
    fields = {
        field.name: _values(inspect.type_info(field.type))
        for field in msgspec.structs.fields(model)
        if field.name not in ("extra", "rev")
    }
    return st.builds(model, **fields)


def _objects(value: Any, model: type) -> Iterator[Json]:
    """Each JSON object that a model stands for, the outermost first."""
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, model)
    elif isinstance(value, dict):
        yield value
        for field in msgspec.structs.fields(model):
            inner = re.search(r"couch\.documents\.\w+\.(\w+)", str(field.type))
            cls = getattr(__import__("couch.documents", fromlist=["_"]), inner[1], None) if inner else None
            if isinstance(cls, type) and issubclass(cls, msgspec.Struct):
                yield from _objects(value.get(field.encode_name), cls)


MODELS = pytest.mark.parametrize("model", models().values(), ids=models().keys())


@MODELS
@FEW
@given(data=st.data())
def test_a_document_is_the_same_after_the_way_to_json_and_back(
    model: type[Document], data: st.DataObject
) -> None:
    value = data.draw(_structs(model))
    stored = value.to_json()
    assert model.from_json(stored) == value
    assert model.from_json(msgspec.json.decode(msgspec.json.encode(stored))) == value
    assert re.fullmatch(ID_FORMS[str(model.__struct_config__.tag)], stored["_id"], re.DOTALL)


@MODELS
@FEW
@given(data=st.data())
def test_unknown_fields_survive_at_any_depth(model: type[Document], data: st.DataObject) -> None:
    stored = data.draw(_structs(model)).to_json()
    extended = copy.deepcopy(stored)
    for place in _objects(extended, model):
        key = data.draw(TEXTS.filter(lambda key, place=place: f"x{key}" not in place))
        place[f"x{key}"] = data.draw(UNKNOWN)
    extended["_rev"] = "1-" + "a" * 32
    assert extended != stored
    assert model.from_json(extended).to_json() == extended


def _measurement() -> Json:
    at = datetime(2025, 7, 1, tzinfo=UTC)
    return Measurement(
        meter="00000000-0000-4000-8000-00000000000a",
        measured_at=at,
        slot=at,
        device="00000000-0000-4000-8000-00000000000b",
        data=(Reading(obis="0100010800ff", value=123, scaler=-1, unit="Wh"),),
        time=TimeProvenance(source="synchronized"),
    ).to_json()


@pytest.mark.parametrize(
    ("place", "value", "field", "reason"),
    [
        (("data", 0, "value"), 1.5, "data[0].value", "int"),
        (("data", 0, "obis"), "1.8.0", "data[0].obis", "matching"),
        (("data",), [], "data", "length"),
        (("meter",), "METER", "meter", "matching"),
        (("slot",), "yesterday", "slot", "RFC3339"),
        (("slot",), "2025-07-01T02:00:00+02:00", "the document", "UTC"),
        (("time", "source"), "guessed", "time.source", "guessed"),
        (("type",), "gap", "type", "gap"),
    ],
)
def test_a_bad_document_names_document_field_and_reason(
    place: tuple[Any, ...], value: Any, field: str, reason: str
) -> None:
    doc = _measurement()
    inner: Any = doc
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    with pytest.raises(BadDocument) as caught:
        Measurement.from_json(doc)
    assert caught.value.document == doc["_id"]
    assert caught.value.field == field
    assert reason in caught.value.reason


def test_a_missing_field_is_named() -> None:
    doc = _measurement()
    del doc["meter"]
    with pytest.raises(BadDocument) as caught:
        Measurement.from_json(doc)
    assert caught.value.field == "meter"


def test_a_missing_field_deep_inside_is_named_with_its_path() -> None:
    doc = _measurement()
    del doc["data"][0]["scaler"]
    with pytest.raises(BadDocument) as caught:
        Measurement.from_json(doc)
    assert caught.value.field == "data[0].scaler"


def test_an_id_that_the_content_contradicts_is_a_bad_document() -> None:
    doc = {**_measurement(), "slot": "2025-07-01T00:15:00Z"}
    with pytest.raises(BadDocument) as caught:
        Measurement.from_json(doc)
    assert caught.value.field == "_id"


def test_a_value_that_its_own_model_would_not_read_back_is_not_written() -> None:
    reading = Reading(obis="nonsense", value=1, scaler=0, unit=None)
    bad = msgspec.structs.replace(Measurement.from_json(_measurement()), data=(reading,))
    with pytest.raises(BadDocument):
        bad.to_json()


def test_quantities_are_exact() -> None:
    assert str(Reading(obis="0100010800ff", value=9007199254740993, scaler=-4, unit="Wh").quantity) == (
        "900719925474.0993"
    )


def _consent(state: Any) -> Json:
    at = datetime(2025, 7, 1, tzinfo=UTC)
    return Consent(state=state, at=at, by=Author(role="participant")).to_json()


@given(st.permutations([_consent("granted"), _consent("revoked")]))
def test_a_revocation_wins_in_any_order(leaves: list[Json]) -> None:
    assert consent_state(leaves) is ConsentState.REVOKED


def test_consent_follows_from_true_leaves_only() -> None:
    granted, revoked = _consent("granted"), _consent("revoked")
    assert consent_state([]) is ConsentState.NOT_GRANTED
    assert consent_state([granted]) is ConsentState.GRANTED
    assert consent_state([revoked]) is ConsentState.REVOKED
    assert consent_state([{**granted, "_deleted": True}]) is ConsentState.NOT_GRANTED
    assert consent_state([{**granted, "_id": REVOKED_ID}]) is ConsentState.NOT_GRANTED
    assert consent_state([{**revoked, "_id": GRANTED_ID}]) is ConsentState.NOT_GRANTED
    assert [state.rank for state in ConsentState] == [0, 1, 2]

"""Cutting and mending of JSON texts on the way to and from design functions."""

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from couch.node.js import frames
from couch.node.js.texts import elements, pieces, well_formed


@given(st.lists(st.text(max_size=20), max_size=20), st.integers(1, 60))
def test_pieces_hold_everything_in_order(values: list[str], limit: int) -> None:
    cut = list(pieces(json.dumps(values).encode(), limit))
    assert [value for piece in cut for value in json.loads(piece)] == values
    assert all(json.loads(piece) for piece in cut) or not values


def test_a_piece_is_no_larger_than_allowed_unless_one_element_is() -> None:
    cut = list(pieces(json.dumps(["a" * 10, "b" * 10, "c" * 50, "d"]).encode(), 30))
    assert [json.loads(piece) for piece in cut] == [["a" * 10, "b" * 10], ["c" * 50], ["d"]]


def test_elements_keep_their_text() -> None:
    assert elements(b'[1.0, {"a" : 1},"x"]') == [b"1.0", b'{"a" : 1}', b'"x"']


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    assert json.loads(well_formed(b'["\\ud83d", {"\\udca5": "a\\ud83d\\ude00"}]')) == [
        "\ufffd",
        {"\ufffd": "a\U0001f600"},
    ]


def test_other_texts_stay_as_they_are() -> None:
    assert well_formed(b'[1e21, "\\u00e9"]') == b'[1e21, "\\u00e9"]'


@given(st.lists(st.binary(max_size=30), max_size=5))
def test_a_message_is_read_as_it_was_packed(parts: list[bytes]) -> None:
    assert frames.read(io.BytesIO(frames.pack(parts))) == parts


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=3), st.data())
def test_a_message_cut_short_is_no_message(parts: list[bytes], data: st.DataObject) -> None:
    packed = frames.pack(parts)
    assert frames.read(io.BytesIO(packed[: data.draw(st.integers(0, len(packed) - 1))])) is None

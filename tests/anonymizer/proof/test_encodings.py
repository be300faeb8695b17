"""The byte strings of a value: what other programs write of it holds one of them."""

import base64
import html
import json
import re
import struct
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.proof.encodings import forms_of, forms_of_run

NAMES = (
    "Jürgen O'Hara-Müßig",
    'Zoë "Zo" d\'Arc\\Łukasz',
    "zoe.d'arc@bücher.example",
    "An der Mühle/Süd & Co",
)


def found(haystack: bytes, value: str | float) -> bool:
    return any(form in haystack for form in forms_of(value))


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_found_however_programs_write_it(name: str) -> None:
    for written in (
        name,
        json.dumps({"name": name}),
        json.dumps({"name": name}, ensure_ascii=False),
        re.sub(r"\\u[0-9a-f]{4}", lambda escape: escape[0][:2] + escape[0][2:].upper(), json.dumps(name)),
        html.escape(name),
        urllib.parse.quote(name),
        urllib.parse.quote_plus(name),
        urllib.parse.urlencode({"name": name}),
        name.upper(),
    ):
        assert found(written.encode(), name), written
    assert found(name.encode("utf-16-le"), name)


@given(st.binary(max_size=7), st.text(min_size=9, max_size=60), st.binary(max_size=7))
def test_a_text_is_found_in_base64_wherever_it_stands(before: bytes, text: str, after: bytes) -> None:
    plain = before + text.encode() + after
    assert found(base64.b64encode(plain), text)
    assert found(base64.urlsafe_b64encode(plain), text)


@given(st.floats(-180, 180))
def test_a_coordinate_is_found_as_text_and_as_a_double(number: float) -> None:
    assert found(json.dumps({"latitude": number}).encode(), number)
    assert found(b"F" + struct.pack(">d", number), number)
    assert found(struct.pack("<d", number), number)


def test_a_long_text_is_found_in_pieces() -> None:
    text = "".join(f"Satz {number} über den Keller. " for number in range(40))
    middle = text.encode()[400:560]  # what a page of a file holds of it
    assert found(middle, text)


def test_neighbours_are_found_in_json_and_in_erlang_s_form() -> None:
    run = (("street", "Äußere Straße"), ("house_number", "7"), ("floor", 3), ("height", 1.5))
    forms = forms_of_run(run)
    for ascii_only in (True, False):
        assert any(form in json.dumps(dict(run), ensure_ascii=ascii_only).encode() for form in forms)
    assert any(form in json.dumps(dict(run), separators=(",", ":")).encode() for form in forms)
    # of term_to_binary({[.., {<<"house_number">>, <<"7">>}, {<<"floor">>, 3}, {<<"height">>, 1.5}]})
    erlang = (
        b"h\x02m\x00\x00\x00\x0chouse_numberm\x00\x00\x00\x017"
        b"h\x02m\x00\x00\x00\x05floora\x03"
        b"h\x02m\x00\x00\x00\x06heightF?\xf8\x00\x00\x00\x00\x00\x00"
    )
    assert any(form.endswith(erlang) for form in forms)


def test_no_form_is_short_enough_to_turn_up_by_chance() -> None:
    for value in (*NAMES, 54.3233, -0.12345):
        assert min(map(len, forms_of(value))) >= 6

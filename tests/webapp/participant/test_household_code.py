"""The code on the letter."""

from typing import Any

import pytest

from couch.errors import Fault
from webapp.participant.household_code import checked_hash, hash_code, make_code
from webapp.site import Entered


def test_made_codes_differ_and_hold_no_look_alikes() -> None:
    codes = {make_code() for _ in range(200)}
    assert len(codes) == 200
    assert not set("".join(codes)) & set("IO01l")


def test_two_hashes_of_one_code_differ_by_their_salt() -> None:
    assert hash_code("ABCDE-23456") != hash_code("ABCDE-23456")


def test_case_spaces_and_dashes_do_not_matter(device: Any, code: str) -> None:
    assert isinstance(device.door.knock({"code": f" {code.lower().replace('-', ' ')} "}), Entered)


def test_a_wrong_code_opens_nothing(device: Any) -> None:
    browser = device.visitor()
    browser.get("/sign-in")
    assert browser.send("/sign-in", code="ABCDE-23456").status_code == 403
    assert browser.get("/overview").location == "/sign-in"


def test_guessing_the_code_is_slowed_down_even_for_the_right_one(device: Any, code: str) -> None:
    for _ in range(5):
        device.door.knock({"code": "ABCDE-23456"})
    assert not isinstance(device.door.knock({"code": code}), Entered)
    device.wall.seconds += 2
    assert isinstance(device.door.knock({"code": code}), Entered)


def test_something_that_is_no_hash_is_refused_at_the_start() -> None:
    with pytest.raises(Fault, match="--new-code"):
        checked_hash("K7QMX-3WPZD")

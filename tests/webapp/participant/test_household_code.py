"""The code on the letter."""

from typing import Any

import pytest

from couch.errors import Fault
from webapp.participant.household_code import checked_hash, hash_code, make_code
from webapp.site import Entered

TABLET = "192.168.1.20"


def test_made_codes_differ_and_hold_no_look_alikes() -> None:
    codes = {make_code() for _ in range(200)}
    assert len(codes) == 200
    assert not set("".join(codes)) & set("IO01l")


def test_two_hashes_of_one_code_differ_by_their_salt() -> None:
    assert hash_code("ABCDE-23456") != hash_code("ABCDE-23456")


def test_case_spaces_and_dashes_do_not_matter(device: Any, code: str) -> None:
    typed = f" {code.lower().replace('-', ' ')} "
    assert isinstance(device.door.knock({"code": typed}, TABLET), Entered)


def test_a_wrong_code_opens_nothing(device: Any) -> None:
    browser = device.visitor()
    browser.get("/sign-in")
    assert browser.send("/sign-in", code="ABCDE-23456").status_code == 403
    assert browser.get("/overview").location == "/sign-in"


def test_guessing_the_code_is_slowed_down_even_for_the_right_one(device: Any, code: str) -> None:
    for _ in range(5):
        device.door.knock({"code": "ABCDE-23456"}, TABLET)
    assert not isinstance(device.door.knock({"code": code}, TABLET), Entered)
    device.wall.seconds += 2
    assert isinstance(device.door.knock({"code": code}, TABLET), Entered)


def test_a_guest_who_guesses_keeps_nobody_else_out(device: Any, code: str) -> None:
    for _ in range(50):
        device.door.knock({"code": "ABCDE-23456"}, "192.168.1.99")
    assert isinstance(device.door.knock({"code": code}, TABLET), Entered)


def test_a_new_code_holds_at_once_and_ends_the_sessions_of_the_old_one(own_device: Any, code: str) -> None:
    browser = own_device.participant()
    fresh = make_code()
    own_device.hashes.append(hash_code(fresh))
    assert browser.get("/overview").location == "/sign-in"
    browser.get("/sign-in")
    assert browser.send("/sign-in", code=code).status_code == 403
    assert browser.send("/sign-in", code=fresh).status_code == 303


def test_something_that_is_no_hash_is_refused_at_the_start() -> None:
    with pytest.raises(Fault, match="--new-code"):
        checked_hash("K7QMX-3WPZD")

"""Signing in, and guessing."""

import logging
from typing import Any

import pytest

from webapp.site import Entered, TurnedAway

HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def test_the_right_password_opens_with_the_accounts_roles(ada: Any) -> None:
    assert ada.knock("ada") == Entered(("analyst", "researcher"), "ada")
    assert ada.knock(" ADA ") == Entered(("analyst", "researcher"), "ada")


@pytest.mark.parametrize("name", ["ada", "nobody", "igor", "dora", "x" * 5000, "' OR 1=1 --"])
def test_a_refusal_does_not_tell_which_accounts_there_are(ada: Any, name: str) -> None:
    ada.directory.add("igor", ["analyst"], valid_s=60)
    ada.with_password("dora")
    ada.directory.disable("dora")
    right = "correct horse battery" if name != "ada" else "wrong words indeed"
    before = ada.passwords.checks
    refused = ada.knock(name, right)
    assert refused == TurnedAway("Name or password is wrong.")
    assert ada.passwords.checks == before + 1  # the slow work is done once, whoever it is


def test_guessing_slows_down_and_is_then_not_even_looked_at(ada: Any) -> None:
    answers = [ada.knock("ada", f"guess number {number}").message for number in range(6)]
    assert answers[0] == "Name or password is wrong."
    assert "wait 2 seconds" in answers[4] or "wait 3 seconds" in answers[4]
    checks = ada.passwords.checks
    assert isinstance(ada.knock("ada"), TurnedAway)
    assert ada.passwords.checks == checks
    ada.wall.now += 3
    assert isinstance(ada.knock("ada"), Entered)


def test_waits_double_up_to_a_quarter_of_an_hour(ada: Any) -> None:
    waits = []
    for _ in range(16):
        _right, wait_s = ada.door.attempt(None, "ada", "guess", HOME)
        waits.append(wait_s)
        ada.wall.now += wait_s
    assert waits[:4] == [0, 0, 0, 0]
    assert waits[4:] == [min(2.0 * 2**number, 900) for number in range(12)]


def test_nobody_is_locked_out_by_somebody_elses_guesses(ada: Any) -> None:
    for _ in range(200):
        ada.knock("ada", "a guess of many", ELSEWHERE)
    assert isinstance(ada.knock("ada", source=ELSEWHERE), TurnedAway)
    assert isinstance(ada.knock("ada", source=HOME), Entered)


def test_guesses_at_one_account_do_not_slow_others_from_there(ada: Any) -> None:
    ada.with_password("bob")
    for _ in range(50):
        ada.knock("ada", "a guess of many")
    assert isinstance(ada.knock("bob"), Entered)


def test_what_was_changed_while_the_password_was_checked_counts(ada: Any) -> None:
    slow = ada.passwords.right

    def disabled_meanwhile(stored: str | None, password: str) -> bool:
        ada.directory.disable("ada")
        return bool(slow(stored, password))

    ada.passwords.right = disabled_meanwhile
    assert isinstance(ada.knock("ada"), TurnedAway)


def test_the_log_names_accounts_and_sources_but_nothing_that_was_typed(
    ada: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ada.knock("ada", "typed-password-1")
    ada.knock("typed-password-2", "x")
    ada.knock("ada")
    assert "ada signed in from 198.51.100.7" in caplog.text
    assert "an unknown account" in caplog.text
    assert "typed-password" not in caplog.text

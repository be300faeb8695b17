"""What a password must be, and how it is kept."""

from typing import Any

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from webapp.accounts.passwords import LONGEST, Passwords, fault_of


@pytest.mark.parametrize(
    "password", ["aaaaaaaaaaaa", "correct horse battery", "ööööööööööö1", "x" * LONGEST, "ada" + "b" * 12]
)
def test_any_twelve_characters_will_do(password: str) -> None:
    assert fault_of(password, "ada") is None


@pytest.mark.parametrize(
    "password", ["", "elevenchars", "ada" * 20, "AdaLovelace" * 3, "ada" + "b" * 11, "x" * (LONGEST + 1)]
)
def test_short_ones_and_the_accounts_own_name_will_not(password: str) -> None:
    assert fault_of(password, "adalovelace" if "Love" in password else "ada") is not None


def test_hashes_are_argon2id_as_rfc_9106_wants_and_salted() -> None:
    passwords = Passwords()
    stored = passwords.hashed("correct horse battery")
    parameters = extract_parameters(stored)
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost) == (64 * 1024, 3)
    assert "horse" not in stored
    assert passwords.right(stored, "correct horse battery")


def test_what_is_right_and_what_is_not(ada: Any) -> None:
    stored = ada.passwords.hashed("Grüße und viele Worte")
    assert ada.passwords.right(stored, "Grüße und viele Worte")
    assert ada.passwords.right(stored, "Gru\u0308ße und viele Worte")  # another keyboard's ü
    assert not ada.passwords.right(stored, "grüße und viele Worte")
    spelled_out = "u\u0308" * LONGEST  # twice as long until it is one form
    assert fault_of(spelled_out, "ada") is None
    assert ada.passwords.right(ada.passwords.hashed(spelled_out), "ü" * LONGEST)
    assert ada.passwords.right(ada.passwords.hashed("ü" * LONGEST), spelled_out)
    assert not ada.passwords.right(None, "the password of nobody at all")
    assert not ada.passwords.right("no hash", "x")
    assert not ada.passwords.right(stored, "Grüße und viele Worte" + " " * LONGEST)


def test_a_hash_of_older_parameters_is_renewed_at_the_next_sign_in(ada: Any) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash("correct horse battery")
    ada.directory.change_password("ada", old)
    ada.knock("ada")
    renewed = ada.directory.find("ada").password_hash
    assert renewed != old
    assert not ada.passwords.outdated(renewed)
    assert ada.passwords.right(renewed, "correct horse battery")

"""A personal account at the centre, and what its name and roles may be."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from couch.errors import Fault
from couch.names import ADMINISTRATOR, ANALYST, RESEARCHER

ROLES = (RESEARCHER, ADMINISTRATOR, ANALYST)
_NAME = re.compile(r"[a-z][a-z0-9._-]{1,63}")


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in. Times are real seconds since 1970, None: never."""

    id: int
    name: str
    roles: tuple[str, ...]  # sorted
    disabled: bool
    password_hash: str | None  # argon2id; None: none is set, a one-time link is out or has expired
    created_at: int
    password_at: int | None
    signed_in_at: int | None

    @property
    def state(self) -> str:
        """`disabled`, `invited` (no password yet, or taken away) or `active`."""
        if self.disabled:
            return "disabled"
        return "active" if self.password_hash else "invited"

    def __repr__(self) -> str:
        return f"Account({self.name!r}, {self.roles}, {self.state})"  # a hash has no place in a log


def checked_name(name: str) -> str:
    """Raises Fault for what is no account's name."""
    if not _NAME.fullmatch(name):
        raise Fault(
            f"the name {name!r} will not do: lower-case letters, digits and . _ - (2 to 64 of them, a letter "
            "first), for example ada"
        )
    return name


def checked_roles(roles: Iterable[str]) -> tuple[str, ...]:
    """The roles, each once, sorted. Raises Fault for none and for one that is not a person's."""
    found = tuple(sorted(set(roles)))
    unknown = [role for role in found if role not in ROLES]
    if unknown or not found:
        named = ", ".join(repr(role) for role in unknown) or "none was given"
        raise Fault(f"an account has at least one of the roles {', '.join(ROLES)} and no other: {named}")
    return found

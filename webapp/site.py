"""What differs between the two services that one factory makes: the device's page and the centre's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from flask import Blueprint, current_app

from couch.clock import Clock

SERVICES = "survey_services"  # in app.extensions: what the site's blueprints get their data from
SITE = "survey_site"


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody may come in: with these roles, under this name (empty on the device)."""

    roles: tuple[str, ...]
    account: str = ""


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Nobody comes in; why, in the reader's language."""

    message: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that holds; `token` is the id that its cookie must hold from now on."""

    roles: tuple[str, ...]
    account: str
    token: str


class Door(Protocol):
    """How people sign in."""

    @property
    def template(self) -> str:
        """The sign-in form."""

    def knock(self, form: Mapping[str, str], source: str) -> Entered | TurnedAway:
        """Judge a form that came from `source` (see `webapp.source`)."""


class Sessions(Protocol):
    """Where sessions are kept and when they end."""

    def begin(self, entered: Entered) -> str:
        """A new session; its id."""

    def find(self, token: str) -> SignedIn | None:
        """The session with this id; None when there is none or it has ended."""

    def end(self, token: str) -> None:
        """End the session with this id, if there is one."""


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation; `label` is marked for translation."""

    endpoint: str
    label: str
    roles: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Site:
    """One service. A role's home is the first section that it may open.

    `domains`: the catalogues of texts that its pages use besides the shared one (see webapp.translation).
    `head_template`: what stands in the head of all its pages besides.
    """

    title: str
    unreachable_template: str  # the page for when the database does not answer
    door: Door
    sessions: Sessions
    blueprints: tuple[Blueprint, ...]
    sections: tuple[Section, ...]
    services: object
    clock: Clock
    timezone: tzinfo
    domains: tuple[str, ...] = ()
    head_template: str | None = None


def site() -> Site:
    """The site of the current app."""
    here: Site = current_app.extensions[SITE]
    return here

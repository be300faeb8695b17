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


class Door(Protocol):
    """How people sign in."""

    @property
    def template(self) -> str:
        """The sign-in form."""

    @property
    def key(self) -> str:
        """Changes when sessions opened before must end."""

    def knock(self, form: Mapping[str, str]) -> Entered | TurnedAway:
        """Judge a sent form. Raises Unreachable where others decide and do not answer."""


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation; `label` is marked for translation."""

    endpoint: str
    label: str
    roles: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Site:
    """One service. A role's home is the first section that it may open."""

    title: str
    unreachable_template: str  # the page for when the database does not answer
    door: Door
    blueprints: tuple[Blueprint, ...]
    sections: tuple[Section, ...]
    services: object
    clock: Clock
    timezone: tzinfo
    lifetime_s: int  # of a session, real seconds


def site() -> Site:
    """The site of the current app."""
    here: Site = current_app.extensions[SITE]
    return here

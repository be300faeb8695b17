"""A row of the table of attacks: name, who, on a home in which state, what, what must come back.

What must be true afterwards is the same for all but those that say otherwise (`afterwards`): nothing that is
stored, configured or judged has changed. And of every row: consent that was revoked is revoked, also once the
worker (or the device's agent) has taken what was stored; see test_attacks.
"""

from dataclasses import dataclass
from typing import Literal

from attack_world import Home
from attempts import Doc, Make

Afterwards = Literal["nothing changed", "stored without effect", "taken as it should be"]


@dataclass(frozen=True)
class Attack:
    """`back`: beginnings of outcomes (see attack_world.outcome), any of which may come back."""

    name: str
    who: str
    state: str
    make: Make
    back: tuple[str, ...]
    afterwards: Afterwards = "nothing changed"

    @property
    def id(self) -> str:
        return f"{self.state}: {self.who}: {self.name}"


ONCE = "_rev: written once, never changed"
NEVER_DELETED = "_deleted: never deleted"
WRITER = "userCtx.roles: your account may not write this type"
NOT_GRANTED = "_security.consent: consent is not granted"
ERASED = "_security.consent: this household was erased"
ATTACHMENT = "_attachments: no attachment belongs here"
# Who is no member of a household's database gets no further than its door.
OUTSIDE = ("other household's device", "analyst", "nobody")
MEMBERS = ("device", "reading device", "researcher", "administrator", "worker")
# The embedded node knows no attachments: it says so before the rules could.
NO_FILES = "not there"


def measurement(**change: object) -> Doc:
    return lambda home: home.measurement(**change)


def gap(**change: object) -> Doc:
    return lambda home: home.gap(**change)


def consent(state: str, /, **change: object) -> Doc:
    return lambda home: home.consent(state, **change)


def registration(**change: object) -> Doc:
    return lambda home: home.registration(**change)


def report(**change: object) -> Doc:
    return lambda home: home.report(**change)


def confirmation(**change: object) -> Doc:
    return lambda home: home.confirmation(**change)


def heartbeat(**change: object) -> Doc:
    return lambda home: home.heartbeat(**change)


def stored_measurement(home: Home) -> str:
    return str(home.measurement(0)["_id"])

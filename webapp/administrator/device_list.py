"""Which devices the health page lists, and which part of them: what its address says. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from couch.documents import ConsentState
from webapp.administrator.fleet import DeviceHealth, Fleet, Standing
from webapp.administrator.troubles import Kind

PAGE = 50
ALL = "all"
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Wanted:
    """None: whatever it is. `standing` None: all devices."""

    standing: Standing | None = Standing.TROUBLED
    kind: Kind | None = None
    consent: ConsentState | None = None
    page: int = 1

    def parameters(self, page: int) -> dict[str, str]:
        """The address of another page of the same list; what is usual is left out."""
        found = {
            "show": "" if self.standing is Standing.TROUBLED else self.standing or ALL,
            "kind": self.kind or "",
            "consent": self.consent or "",
            "page": "" if page == 1 else str(page),
        }
        return {name: str(value) for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the list; `total` of all its pages."""

    devices: Sequence[DeviceHealth]
    total: int
    wanted: Wanted
    pages: int


def wanted(query: Mapping[str, str]) -> Wanted:
    """What an address asks for; what it says wrong counts as not said."""
    page = query.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    show = query.get("show", "")
    return Wanted(
        standing=None if show == ALL else _one_of(Standing, show) or Standing.TROUBLED,
        kind=_one_of(Kind, query.get("kind", "")),
        consent=_one_of(ConsentState, query.get("consent", "")),
        page=max(number, 1),
    )


def listed(fleet: Fleet, what: Wanted) -> Listed:
    """The devices asked for: those not well first, the worst of them on top."""
    everyone = (*fleet.troubled, *fleet.others) if what.standing is None else _standing(fleet, what.standing)
    found = [health for health in everyone if _passes(health, what)]
    pages = max(1, -(-len(found) // PAGE))
    page = min(what.page, pages)
    return Listed(found[(page - 1) * PAGE : page * PAGE], len(found), replace(what, page=page), pages)


def _standing(fleet: Fleet, standing: Standing) -> Sequence[DeviceHealth]:
    if standing is Standing.TROUBLED:
        return fleet.troubled
    return [health for health in fleet.others if health.standing is standing]


def _passes(health: DeviceHealth, what: Wanted) -> bool:
    if what.consent is not None and health.household.consent is not what.consent:
        return False
    return what.kind is None or any(trouble.kind is what.kind for trouble in health.troubles)


def _one_of(kind: type[E], text: str) -> E | None:
    try:
        return kind(text)
    except ValueError:
        return None

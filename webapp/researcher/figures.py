"""What the researchers' pages keep in memory of all households, for all threads of the service."""

from collections.abc import Callable
from datetime import date

from flask import Blueprint, current_app
from flask.sansio.app import App
from flask.sansio.blueprints import BlueprintSetupState

from couch.client import Server
from couch.clock import Clock
from webapp.access import declared, held_roles
from webapp.centre_services import CentreServices
from webapp.researcher.background import Background, Kept, Refreshed, Work
from webapp.researcher.completeness import RecentSlots, read_recent
from webapp.researcher.household_pages import SortedCopy
from webapp.researcher.installations import Installations, read_installations
from webapp.researcher.month_figures import MonthFigures, read_month
from webapp.site import SERVICES

FIGURES = "survey_research_figures"  # in app.extensions
_RECENT_EVERY_S = 600.0  # real seconds; days that ended change by late arrivals only
_MONTH_EVERY_S = 900.0
_MONTHS_KEPT = 60


class Figures:
    """`server` gives the calling thread's connection; `submit` hands work to the background."""

    def __init__(
        self, server: Callable[[], Server], clock: Clock, submit: Callable[[Work], None] | None = None
    ) -> None:
        self._server, self._submit = server, submit or Background().submit
        self.sorted = SortedCopy()
        self._recent: Refreshed[RecentSlots] = Refreshed(
            lambda _known: read_recent(server(), clock.now()), self._submit, every_s=_RECENT_EVERY_S
        )
        self._installations: Refreshed[Installations] = Refreshed(
            lambda _known: read_installations(server()), self._submit, every_s=_RECENT_EVERY_S
        )
        self._months: dict[date, Refreshed[MonthFigures]] = {}

    def recent(self) -> Kept[RecentSlots] | None:
        """The stored slots of the last days, None until they were read once."""
        return self._recent.get()

    def installations(self, wait_s: float) -> Kept[Installations] | None:
        """All installations in classes; None while they are being counted."""
        return self._installations.get(wait_s)

    def month(self, month: date, wait_s: float) -> Kept[MonthFigures] | None:
        """The figures of a month (its first day); None while they are being put together."""
        if month not in self._months and len(self._months) >= _MONTHS_KEPT:
            self._months.pop(next(iter(self._months)), None)
        kept = self._months.setdefault(
            month,
            Refreshed(
                lambda known: read_month(self._server(), month, known), self._submit, every_s=_MONTH_EVERY_S
            ),
        )
        return kept.get(wait_s)


def install(blueprint: Blueprint) -> None:
    """Give each app that serves `blueprint` its figures.

    Templates get `offered(endpoint)`: whether there is such a page and the reader may open it.
    """

    def give(state: BlueprintSetupState) -> None:
        app = state.app
        here: CentreServices = app.extensions[SERVICES]
        app.extensions[FIGURES] = Figures(here.server, here.clock)
        app.jinja_env.globals["offered"] = lambda endpoint: _offered(app, endpoint)

    blueprint.record(give)


def _offered(app: App, endpoint: str) -> bool:
    view = app.view_functions.get(endpoint)
    needed = None if view is None else declared(view)
    return needed is not None and bool(needed.roles & held_roles())


def figures() -> Figures:
    """Those of the current app."""
    found: Figures = current_app.extensions[FIGURES]
    return found

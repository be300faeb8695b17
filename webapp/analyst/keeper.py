"""The watch over kept months while the centre's pages are served: deletes at once, builds in its time."""

import logging
import os
import threading
from collections.abc import Callable
from datetime import datetime

from couch.client import Server
from couch.clock import Clock
from couch.errors import CouchError, Fault
from couch.month_versions import MonthVersion, month_version
from webapp.analyst.kept_months import KeptMonths
from webapp.analyst.kept_state import month_name
from webapp.analyst.month_keeping import lacking_months, throw_away

_log = logging.getLogger(__name__)
_LOOK_S = 10.0  # real seconds between two looks for what must go
_BUILD_S = 300.0  # ... for what lacks; a month that was written to in between is left alone
_NICENESS = 10
_PAGE = 1000  # documents decoded at once: pages that are asked for meanwhile wait for no more


class Keeper:
    """One in each process that serves pages; several may look after one folder."""

    def __init__(
        self, kept: KeptMonths, connect: Callable[[], Server], clock: Clock, after_days: int
    ) -> None:
        self._kept = kept
        self._connect = connect
        self._clock = clock
        self._after_days = after_days
        self._seen: dict[datetime, MonthVersion | None] = {}

    def run(self, stop: threading.Event, *, look_s: float = _LOOK_S, build_s: float = _BUILD_S) -> None:
        """Until `stop` is set. What fails is logged and done again at the next look."""
        _be_nice()
        since_s = 0.0
        while not stop.is_set():
            try:
                self.look()
                if since_s <= 0:
                    since_s = build_s
                    self.build_one()
            except (CouchError, Fault) as err:
                _log.warning("kept months wait: %s", err)
            stop.wait(look_s)
            since_s -= look_s

    def look(self) -> None:
        """Delete what an erasure touched. Raises CouchError."""
        with self._connect() as server:
            for name in throw_away(self._kept, server).deleted:
                _log.info("%s is kept no more: something was erased from it", name)

    def build_one(self) -> str | None:
        """Keep the newest finished month that lacks and is quiet; its name. Raises CouchError, Fault.

        Quiet: nothing was written to it since the last call, as while devices catch up after an outage.
        """
        with self._connect() as server:
            lacking = lacking_months(self._kept, server, self._clock.now(), self._after_days)
            versions = {month: month_version(server, month) for month in lacking}
        quiet = [month for month in lacking if self._seen.get(month) == versions[month]]
        self._seen = versions
        for month in quiet:
            state = self._kept.build(self._connect, month, page=_PAGE)
            if state is not None:
                _log.info("%s is kept: %s rows", month_name(month), f"{state.rows:,}")
                return month_name(month)
        return None


def _be_nice() -> None:
    """Pages come first: this thread gives way to them (Linux knows that for each thread)."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    except OSError as err:
        _log.debug("the keeper of months keeps its priority: %s", err)

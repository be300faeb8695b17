"""Published data sets at a centre: put together from its settings, for the pages and for the command."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from couch.client import Server
from couch.clock import Clock
from couch.errors import NotFound
from couch.names import RESEARCH, month_database
from webapp.analyst.releases.services import ReleaseServices
from webapp.analyst.releases.settings import DataSetSettings
from webapp.analyst.releases.store import ReleaseStore
from webapp.analyst.releases.watch import ReleaseWatch
from webapp.analyst.selection import Selection
from webapp.settings import CentreWebSettings

if TYPE_CHECKING:  # they need tables, which a device does without
    from webapp.analyst.releases.making import Maker
    from webapp.analyst.source import Source

Connect = Callable[[], Server]


def release_services(
    settings: CentreWebSettings, connect: Connect, clock: Clock, source: "Callable[[Connect], Source]"
) -> ReleaseServices:
    """What the pages need. `connect` gives the calling thread's connection; `source` opens where is read."""
    store = ReleaseStore(settings.releases_folder)
    return ReleaseServices(
        store=store,
        watch=ReleaseWatch(store, connect, clock),
        maker=lambda: maker(store, connect, clock, source(connect), settings.data_set),
        anonymity=settings.anonymity,
    )


def maker(
    store: ReleaseStore, connect: Connect, clock: Clock, source: "Source", settings: DataSetSettings
) -> "Maker":
    """What makes one version; not for several threads."""
    from webapp.analyst.export_ledger import ResearchLedger  # noqa: PLC0415
    from webapp.analyst.releases.making import Maker  # noqa: PLC0415

    ledger = ResearchLedger(connect(), clock)
    return Maker(
        store=store,
        source=source,
        settings=settings,
        clock=clock,
        sequences=lambda selection: sequences(connect(), selection),
        withdrawals=ledger.withdrawals,
        record=ledger.record,
    )


def sequences(server: Server, selection: Selection) -> Mapping[str, str]:
    """The update sequences of the databases that a selection is read from. Raises CouchError."""
    from couch.research_pages import month_starts  # noqa: PLC0415

    months = (month_database(month) for month in month_starts(selection.start_at, selection.end_at))
    found = {}
    for name in (RESEARCH, *months):
        try:
            found[name] = str(server.database(name).info()["update_seq"])
        except NotFound:
            continue  # nothing was measured in that month
    return found


@contextmanager
def watched(releases: ReleaseServices) -> Iterator[None]:
    """Meanwhile a thread withdraws what has to be, also when nobody asks for anything."""
    stop = threading.Event()
    thread = threading.Thread(target=releases.watch.keep, args=(stop,), name="data sets", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()

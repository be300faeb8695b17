"""The watch over kept months, begun with the centre's pages where their settings name a folder."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from couch.client import Server
from couch.clock import Clock
from couch.errors import Fault
from webapp.analyst.table_library import need_tables
from webapp.settings import CentreWebSettings

_log = logging.getLogger(__name__)


@contextmanager
def kept_months(settings: CentreWebSettings, connect: Callable[[], Server], clock: Clock) -> Iterator[None]:
    """Months are kept and thrown away meanwhile; nothing happens where no folder is named."""
    if settings.kept_folder is None:
        yield
        return
    try:
        need_tables()
    except Fault as err:
        _log.warning("no months are kept: %s", err)
        yield
        return
    from webapp.analyst.keeper import Keeper  # noqa: PLC0415 - it needs tables
    from webapp.analyst.kept_months import KeptMonths  # noqa: PLC0415

    keeper = Keeper(KeptMonths(settings.kept_folder), connect, clock, settings.kept_after_days)
    stop = threading.Event()
    thread = threading.Thread(target=keeper.run, args=(stop,), name="kept months", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()  # a month that is being built is left: it counts for nothing and is swept away

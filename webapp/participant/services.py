"""What the participant's pages work with."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo

from flask import current_app

from couch.client import Database
from couch.clock import Clock
from couch.erasure_marker import ErasureMarker
from webapp.site import SERVICES


@dataclass(frozen=True, kw_only=True)
class DeviceServices:
    """`replica` gives this thread's handle of the local database, in the role `page`.

    `erasure` gives the mark that this device is being or was erased; None while it takes part. `contact`:
    whom to ask, in words; None: it stands in the letter. `copying`: held while a copy of the data is sent.
    """

    replica: Callable[[], Database]
    device: str
    household: str
    clock: Clock
    timezone: tzinfo
    erasure: Callable[[], ErasureMarker | None] = lambda: None
    contact: str | None = None
    copying: threading.Lock = field(default_factory=threading.Lock)


def services() -> DeviceServices:
    """The services of the current app."""
    found: DeviceServices = current_app.extensions[SERVICES]
    return found

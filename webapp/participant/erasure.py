"""How far the erasure of this household has come, as the device's page tells it.

The agent's mark says so: in the file beside the settings, or in the emptied replica where this page cannot
see that file.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from couch.client import Database
from couch.erasure_marker import ErasureMarker, read_local_marker, read_marker
from couch.errors import CouchError, Fault

_log = logging.getLogger(__name__)


def find_marker(
    file: Path, replica: Callable[[], Database], device: str, household: str
) -> ErasureMarker | None:
    """The mark of this device; None while its household is not erased, or nothing can be read."""
    reads: tuple[Callable[[], ErasureMarker | None], ...] = (
        lambda: read_marker(file),
        lambda: read_local_marker(replica()),
    )
    for read in reads:
        try:
            marker = read()
        except (Fault, CouchError) as err:
            _log.warning("whether this device was erased cannot be read here: %s", err)
            continue
        if marker is not None and marker.is_of(device, household):
            return marker
    return None

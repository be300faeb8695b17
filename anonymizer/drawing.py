"""Drawing locations for the worker: the regions that were imported, and a cryptographic random source."""

import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path

from anonymizer.geodata import Regions, load_geodata
from anonymizer.location import anonymize_location
from couch.blurring import Blurring
from couch.documents import ContextLocation


@dataclass(slots=True)
class LocationDraw:
    """Draws in the regions of `file`, read when first needed and again when it was imported anew."""

    file: Path
    blurring: Blurring
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _regions: Regions | None = None
    _version: tuple[int, int] | None = None

    def __call__(self, exact: ContextLocation) -> ContextLocation:
        """A location in the ring around `exact`. Raises Fault: no geodata, no region."""
        drawn = anonymize_location(
            exact.latitude, exact.longitude, self._current(), secrets.SystemRandom(), self.blurring
        )
        return ContextLocation(latitude=drawn.latitude, longitude=drawn.longitude, anonymized=True)

    def _current(self) -> Regions:
        with self._lock:
            version = self._version_now()
            if self._regions is None or version is None or version != self._version:
                self._regions = Regions(load_geodata(self.file).regions)
                self._version = version
            return self._regions

    def _version_now(self) -> tuple[int, int] | None:
        try:
            state = self.file.stat()
        except OSError:
            return None  # reading it says what is wrong
        return state.st_ino, state.st_mtime_ns

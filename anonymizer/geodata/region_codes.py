"""The code of the region of a place, for exports: by the imported regions, else none is known."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from anonymizer.geodata.regions import NoRegion, Regions
from anonymizer.geodata.store import load_geodata

_REMEMBERED = 200_000  # places; a household's is asked for again and again


@dataclass(slots=True)
class RegionCodes:
    """Asked with latitude and longitude; `file` is read again when it was imported anew. Threads share it."""

    file: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _regions: Regions | None = None
    _mark: tuple[int, int] | None = None
    _known: dict[tuple[float, float], str | None] = field(default_factory=dict)

    def __call__(self, latitude: float, longitude: float) -> str | None:
        """The NUTS-3 code; None: in no region, or no geodata was imported. Raises GeodataFault: damaged."""
        place = (latitude, longitude)
        with self._lock:
            self._look()
            if self._regions is None:
                return None
            if place not in self._known:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[place] = _code(self._regions, latitude, longitude)
            return self._known[place]

    def _look(self) -> None:
        """Take up the file as it is now."""
        try:
            status = self.file.stat()
        except OSError:
            mark = None
        else:
            mark = (status.st_ino, status.st_mtime_ns)
        if mark != self._mark:
            self._regions = None if mark is None else Regions(load_geodata(self.file).regions)
            self._mark = mark
            self._known.clear()


def _code(regions: Regions, latitude: float, longitude: float) -> str | None:
    try:
        return regions.at(latitude, longitude).code
    except NoRegion:
        return None

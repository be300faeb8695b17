"""What the pages ask of the imported table of postal codes and of the map; see anonymizer.geodata."""

from collections.abc import Sequence
from typing import Protocol


class Place(Protocol):
    """A place with its postal code; degrees, WGS 84."""

    @property
    def postal_code(self) -> str: ...

    @property
    def place(self) -> str: ...

    @property
    def latitude(self) -> float: ...

    @property
    def longitude(self) -> float: ...


class Places(Protocol):
    """The table of postal codes that was imported. Raises Fault where it is damaged."""

    def known(self) -> bool:
        """Whether there is one."""

    def places(self, postal_code: str) -> Sequence[Place]: ...

    def within(self, west: float, south: float, east: float, north: float, most: int) -> Sequence[Place]: ...


class Regions(Protocol):
    """The map of regions that was imported."""

    def outlines(self) -> str | None:
        """The text for the map (see anonymizer.geodata.outlines); None: none was imported."""

    def region_at(self, latitude: float, longitude: float) -> str | None:
        """The name of the region of a place; None: it lies in none, or none was imported."""

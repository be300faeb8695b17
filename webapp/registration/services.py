"""What the registration pages work with; `survey.py` hands it over, since it alone knows who can do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from couch.documents import Json
from couch.registering import OpenCorrection, Registered, RegisteredDevice
from webapp.centre_services import services
from webapp.registration.imports import Imports


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


class Region(Protocol):
    """The map of regions that was imported."""

    def outlines(self) -> str | None:
        """The text for the map (see anonymizer.geodata.outlines); None: none was imported."""

    def region_at(self, latitude: float, longitude: float) -> str | None:
        """The name of the region of a place; None: it lies in none, or none was imported."""


class Registrar(Protocol):
    """Provisioning (see provisioning.registering.registrar). Each may raise Fault and CouchError."""

    def email_fault(self, email: str) -> str | None: ...

    def create(self, table: Json) -> Registered: ...

    def correct(
        self, household: str, changes: dict[str, Json], removed: tuple[str, ...], revs: Mapping[str, str]
    ) -> bool: ...

    def open_correction(self, household: str) -> OpenCorrection | None: ...

    def complete_correction(self, household: str) -> None: ...

    def devices(self, household: str) -> tuple[RegisteredDevice, ...]: ...

    def invite(self, household: str, device: str) -> bool: ...

    def bundle(self, household: str, device: str) -> bytes | None: ...


@dataclass(frozen=True, kw_only=True)
class RegistrationServices:
    """`folder`: private; what is being imported lies there until it is done."""

    registrar: Registrar
    places: Places
    regions: Region
    folder: Path
    imports: Imports = field(init=False)

    def __post_init__(self) -> None:
        imports = Imports(self.folder / "imports", self.registrar.create)
        object.__setattr__(self, "imports", imports)  # as dataclasses do in frozen ones


def registration() -> RegistrationServices | None:
    """Those of the current app; None: this service was started without the centre's settings."""
    return services().registration

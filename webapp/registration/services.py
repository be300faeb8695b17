"""What the registration pages work with; `survey.py` hands it over, since it alone knows who can do it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from couch.documents import Json
from couch.registering import OpenCorrection, Registered, RegisteredDevice
from webapp.centre_services import services
from webapp.registration.geodata import Places, Regions
from webapp.registration.imports import Imports


class Registrar(Protocol):
    """Provisioning (see provisioning.registering.registrar). Each may raise Fault and CouchError."""

    def resume(self) -> None:
        """Take up what an interruption left: for the one service that goes on working on it."""

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
    regions: Regions
    folder: Path
    imports: Imports = field(init=False)

    def __post_init__(self) -> None:
        imports = Imports(self.folder / "imports", self.registrar.create)
        object.__setattr__(self, "imports", imports)  # as dataclasses do in frozen ones


def registration() -> RegistrationServices | None:
    """Those of the current app; None: this service was started without the centre's settings."""
    return services().registration

"""What the centre's pages work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING

from flask import current_app

from couch.client import Server
from couch.clock import Clock
from couch.secret import Secret
from webapp.accounts.services import AccountServices
from webapp.administrator.fleet import FleetWatch
from webapp.administrator.thresholds import Thresholds
from webapp.analyst.export_services import ExportServices
from webapp.analyst.releases.services import ReleaseServices
from webapp.registry_copy import EVERY_S, RegistryCopy
from webapp.site import SERVICES

if TYPE_CHECKING:  # it asks this module for the services of the app
    from webapp.registration.services import RegistrationServices


@dataclass(frozen=True, kw_only=True)
class CentreServices:
    """`server` gives this thread's connection to the central CouchDB, in the roles researcher and analyst;
    `registry`: a copy of the registry that all threads share, at most `registry_age_s` real seconds old.
    `fleet`: all devices, judged by `thresholds`. `metrics_token`: what Prometheus shows for /metrics; None:
    nobody gets numbers. `exports`: where kept months lie, and how finely households may be described.
    """

    server: Callable[[], Server]
    accounts: AccountServices
    clock: Clock
    timezone: tzinfo
    registry_age_s: float = EVERY_S
    registration: "RegistrationServices | None" = None  # None: started without the centre's settings
    thresholds: Thresholds = field(default_factory=Thresholds)
    metrics_token: Secret | None = None
    exports: ExportServices = field(default_factory=ExportServices)
    releases: ReleaseServices | None = None  # None: no folder for published data sets
    registry: RegistryCopy = field(init=False)
    fleet: FleetWatch = field(init=False)

    def __post_init__(self) -> None:
        copy = RegistryCopy(self.server, every_s=self.registry_age_s)
        object.__setattr__(self, "registry", copy)  # as dataclasses do in frozen ones
        object.__setattr__(self, "fleet", FleetWatch(copy, self.thresholds, self.clock))


def services() -> CentreServices:
    """The services of the current app."""
    found: CentreServices = current_app.extensions[SERVICES]
    return found

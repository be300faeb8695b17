"""What the centre's pages work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo

from flask import current_app

from couch.client import Server
from couch.clock import Clock
from webapp.accounts.services import AccountServices
from webapp.registry_copy import EVERY_S, RegistryCopy
from webapp.site import SERVICES


@dataclass(frozen=True, kw_only=True)
class CentreServices:
    """`server` gives this thread's connection to the central CouchDB, in the roles researcher and analyst;
    `registry`: a copy of the registry that all threads share, at most `registry_age_s` real seconds old.
    """

    server: Callable[[], Server]
    accounts: AccountServices
    clock: Clock
    timezone: tzinfo
    registry_age_s: float = EVERY_S
    registry: RegistryCopy = field(init=False)

    def __post_init__(self) -> None:
        copy = RegistryCopy(self.server, every_s=self.registry_age_s)
        object.__setattr__(self, "registry", copy)  # as dataclasses do in frozen ones


def services() -> CentreServices:
    """The services of the current app."""
    found: CentreServices = current_app.extensions[SERVICES]
    return found

"""What the centre's pages work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from flask import current_app

from couch.client import Server
from couch.clock import Clock
from webapp.accounts.services import AccountServices
from webapp.site import SERVICES


@dataclass(frozen=True, kw_only=True)
class CentreServices:
    """`server` gives this thread's connection to the central CouchDB, in the roles researcher and analyst."""

    server: Callable[[], Server]
    accounts: AccountServices
    clock: Clock
    timezone: tzinfo


def services() -> CentreServices:
    """The services of the current app."""
    found: CentreServices = current_app.extensions[SERVICES]
    return found

"""What the API works with, handed in by whoever makes the app."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import current_app

from couch.certificate import CertificateFacts
from couch.client import Database
from couch.clock import Clock

_API = "survey_api"


def _real_time() -> datetime:
    return datetime.now(UTC)


def _none_revoked(_serial: str) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class ApiServices:
    """`household`: the database of a device's household, spoken to with exactly the device's roles, so that
    its validators bind what comes in here as they bind replication; `registry`: read with the roles of the
    centre's pages; `proxy_secret`: shared with the TLS listener in front; `revoked`: whether the certificate
    with this serial was (the listener's decision asks it too, at each request); `real_time`: for validity.
    """

    household: Callable[[CertificateFacts], Database]
    registry: Callable[[], Database]
    proxy_secret: bytes
    clock: Clock
    revoked: Callable[[str], bool] = _none_revoked
    real_time: Callable[[], datetime] = _real_time


def keep(app_extensions: dict[str, object], services: ApiServices) -> None:
    """Let the app know its services."""
    app_extensions[_API] = services


def services() -> ApiServices:
    """The services of the current app."""
    found: ApiServices = current_app.extensions[_API]
    return found

"""Connections to the database in the name of the device that asks: its roles, and not one more."""

import threading
import time
from collections.abc import Callable

from couch import names
from couch.certificate import CertificateFacts
from couch.client import Database, Server
from webapp.connections import PerThread
from webapp.gateway.tokens import Mint


def roles_of(facts: CertificateFacts) -> tuple[str, ...]:
    """The roles of section 5 of the design that the certificate stands for."""
    scopes = (names.scope_role(scope) for scope in sorted(facts.scopes))
    return (names.household_role(facts.household), names.device_role(facts.device), *scopes)


class DeviceConnections:
    """Gives the database of a device's household, spoken to with a token that says who the device is.

    One connection a thread serves all devices, one after the other: what was given out before belongs to the
    device that is named last in this thread, so a request asks anew.
    """

    def __init__(
        self, url: str, mint: Mint, *, timeout_s: float, now: Callable[[], float] = time.time
    ) -> None:
        """`now` in seconds since 1970, real time."""
        self._mint, self._now = mint, now
        self._asking = threading.local()
        self._server = PerThread(lambda: Server(url, token=self._token, timeout_s=timeout_s))

    def __call__(self, facts: CertificateFacts) -> Database:
        self._asking.facts = facts
        return self._server().database(names.household_database(facts.household))

    def _token(self) -> str:
        facts: CertificateFacts = self._asking.facts
        return self._mint.token(facts.device, roles_of(facts), int(self._now()))

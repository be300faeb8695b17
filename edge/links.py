"""The databases a device talks to: its own replica and its household's database at the centre.

A connection belongs to one thread: each thread makes its own handles here.
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from couch.client import Database, Server
from couch.names import household_database, replica_database
from couch.replication import Site
from couch.replication_jobs import stop_replications
from couch.settings import Account
from edge.consent_gate import ConsentGate
from edge.settings import DeviceSettings


@dataclass(frozen=True, slots=True)
class Links:
    settings: DeviceSettings
    _raising: threading.Lock = field(default_factory=threading.Lock)

    def local(self, account: Account, *, timeout_s: float | None = None) -> Server:
        """The device's own engine, as one of its accounts."""
        return Server(
            self.settings.local.url,
            user=account.user,
            password=account.password.reveal(),
            timeout_s=timeout_s or self.settings.transmission.request_timeout_s,
        )

    def replica(self, account: Account) -> Database:
        return self.local(account).database(replica_database(self.settings.device))

    def administered(self) -> Database:
        """The replica as the engine's administrator: for `_security`, purging and markers alone."""
        return self.replica(self.settings.local.admin)

    def database_names(self) -> tuple[str, str]:
        """The replica here and the household's database at the centre."""
        return replica_database(self.settings.device), household_database(self.settings.household)

    def stop_replications(self) -> int:
        """End the local engine's replications of this device, running one-shots too. Raises CouchError."""
        return stop_replications(self.local(self.settings.local.admin), self.database_names())

    def gate(self) -> ConsentGate:
        """The consent gate of a thread."""
        local = self.settings.local
        return ConsentGate(self.replica(local.agent), self.administered(), self._raising)

    def centre(self) -> Database:
        """The household's database at the centre, as this device."""
        server = self.settings.centre.server(self.settings.transmission.request_timeout_s)
        return server.database(household_database(self.settings.household))

    def replica_site(self, account: Account) -> Site:
        """The replica as an end of a replication: a full loopback URL with a role account."""
        name = replica_database(self.settings.device)
        return Site(self.settings.local.url, name, account.user, account.password)

    def centre_site(self) -> Site:
        """The household's database as an end of a replication; over TLS the local engine shows who we are."""
        centre = self.settings.centre
        return Site(centre.url, household_database(self.settings.household), centre.user, centre.password)


class CentreConnection:
    """The household's database at the centre, with the certificate that stands in its file now.

    A connection goes on under the certificate that it began with, which ends some day: so when the file has
    changed, the connections are made anew. For one thread.
    """

    def __init__(self, links: Links) -> None:
        self._database = links.centre()
        self._file = links.settings.centre.certificate_file
        self._made_of = _stamp(self._file)

    def database(self) -> Database:
        stands = _stamp(self._file)
        if stands != self._made_of:
            self._database.server.close()
            self._made_of = stands
        return self._database


def _stamp(file: Path | None) -> tuple[int, int] | None:
    """What changes when a file is replaced."""
    try:
        found = None if file is None else file.stat()
    except OSError:
        return None  # the next request says what is wrong with it
    return None if found is None else (found.st_ino, found.st_mtime_ns)

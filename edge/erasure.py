"""Erasing what this device holds of its household, once the centre says so (design section 7).

Only the centre's own `_security` says so, read over TLS: `erased: true`. No answer, a 404 or a 5xx means that
it cannot be reached now.

Order, each step repeatable, so that a crash between any two of them is made good at the next start:
 1. the mark, in the file beside the settings and in the replica's `_security`: from here on nothing measures;
 2. replications end, running one-shots too;
 3. the unsent measurements are counted, and the number is durable, before they go;
 4. the replica is destroyed with all revisions, `_local` documents and view files; replications and accounts
    that name the household go, revision for revision, and the system databases are compacted;
 5. an empty replica is made whose rules refuse everything, with the mark in it, for the page and against a
    restored copy; the local files that are the household's go;
 6. the mark says when. Confirming it to the centre is `edge.erasure_confirmation`.
"""

import logging
import threading

import msgspec

from couch.bootstrap import ensure_database, erased_consent, replica_security, security_erased
from couch.clock import Clock
from couch.database import Database
from couch.documents import utc
from couch.erasure_marker import (
    ErasureMarker,
    read_local_marker,
    read_marker,
    write_local_marker,
    write_marker,
)
from couch.errors import CouchError, NotFound
from couch.leftovers import compact_system, forget_accounts, forget_replications
from couch.names import device_role, household_role
from edge.backlog import Backlog
from edge.erasure_files import erase_household_files
from edge.links import Links
from edge.settings import DeviceSettings

_log = logging.getLogger(__name__)


def marker_of(settings: DeviceSettings) -> ErasureMarker | None:
    """The mark in the device's file; None: this device may measure. Raises Fault."""
    found = read_marker(settings.erasure_file)
    return found if found is not None and found.is_of(settings.device, settings.household) else None


class Erasure:
    """The erasure of one device. `begin` may be called from any thread, the rest belongs to one."""

    def __init__(self, links: Links, clock: Clock) -> None:
        self._links, self._clock = links, clock
        self._file = links.settings.erasure_file
        self._lock = threading.Lock()

    def marker(self) -> ErasureMarker | None:
        """The mark in the file; None: this device may measure. Raises Fault."""
        return marker_of(self._links.settings)

    def begin(self) -> ErasureMarker:
        """The centre said it: mark this device for good. Raises Fault when that cannot be written."""
        with self._lock:
            marker = self.marker()
            if marker is None:
                marker = self._new()
                write_marker(self._file, marker)
                _log.warning("the centre says that the household was erased; this device forgets it too")
        self._forbid()
        return marker

    def take_up(self) -> bool:
        """Whether this device was erased; where only the replica says so, the lost file is written anew.

        Raises CouchError, Fault.
        """
        if self.marker() is not None:
            return True
        replica = self._links.administered()
        if not _says_erased(replica):
            return False
        found = read_local_marker(replica)
        marker = found if found is not None and self._is_ours(found) else self._new()
        write_marker(self._file, marker)
        return True

    def is_done(self) -> bool:
        """Whether nothing is left to erase: the mark says so, and no old replica was restored meanwhile.

        Raises CouchError, Fault.
        """
        marker = self.marker()
        if marker is None or marker.erased_at is None:
            return False
        replica = self._links.administered()
        return _says_erased(replica) and read_local_marker(replica) == marker

    def erase(self) -> ErasureMarker:
        """Do every step that is left. Raises CouchError (try again), Fault."""
        marker = self.begin()
        if self.is_done():
            return marker
        self._links.stop_replications()
        marker = self._counted(marker)
        self._destroy()
        if marker.erased_at is None:
            marker = msgspec.structs.replace(marker, erased_at=utc(self._clock.now()))
        self._leave_mark(marker)
        erase_household_files(self._file.parent)
        write_marker(self._file, marker)
        _log.warning("this device was erased; %s unsent measurements went", marker.unsent_measurements)
        return marker

    def confirmed(self) -> ErasureMarker:
        """The centre has the confirmation: say so, for the page. Raises CouchError, Fault."""
        marker = self.begin()
        if marker.confirmed_at is None:
            marker = msgspec.structs.replace(marker, confirmed_at=utc(self._clock.now()))
            write_marker(self._file, marker)
        write_local_marker(self._links.administered(), marker)
        return marker

    def _counted(self, marker: ErasureMarker) -> ErasureMarker:
        if marker.unsent_measurements is not None:
            return marker  # what a restored replica holds was counted or sent before
        try:
            unsent = Backlog(self._links.replica(self._links.settings.local.agent)).unsent()
        except NotFound:
            unsent = 0  # there is no replica
        marker = msgspec.structs.replace(marker, unsent_measurements=unsent)
        write_marker(self._file, marker)
        return marker

    def _destroy(self) -> None:
        settings = self._links.settings
        server = self._links.local(settings.local.admin)
        server.delete_database(self._links.administered().name)
        forget_replications(server, self._links.database_names())
        # The engine's own accounts have neither role; where it is the centre's too, as in tests, the device
        # has yet to confirm.
        role, unless = household_role(settings.household), device_role(settings.device)
        forget_accounts(server, role, unless=unless)
        compact_system(server, settings.local.agent.user)

    def _leave_mark(self, marker: ErasureMarker) -> None:
        server = self._links.local(self._links.settings.local.admin)
        security = {**replica_security(), "consent": erased_consent()}
        replica = ensure_database(server, self._links.administered().name, "household", security)
        write_local_marker(replica, marker)

    def _forbid(self) -> None:
        """Let the replica's rules refuse what is measured or pulled from now on, as far as it answers."""
        replica = self._links.administered()
        try:
            if not _says_erased(replica) and replica.exists():
                replica.set_security({**replica.security(), "consent": erased_consent()})
        except CouchError as err:
            _log.warning("the replica's rules do not say yet that it is being erased: %s", err)

    def _new(self) -> ErasureMarker:
        settings = self._links.settings
        return ErasureMarker(
            device=settings.device, household=settings.household, told_at=utc(self._clock.now())
        )

    def _is_ours(self, marker: ErasureMarker) -> bool:
        settings = self._links.settings
        return marker.is_of(settings.device, settings.household)


def _says_erased(replica: Database) -> bool:
    try:
        return security_erased(replica.security())
    except NotFound:
        return False

"""The device's own databases and accounts (design section 5). Every step can be repeated.

Order: system databases, accounts, then the replica with its design documents and `_security` last, so that
nobody writes before the rules stand.
"""

import logging

from couch.bootstrap import ensure_database, replica_security
from couch.client import Database
from couch.errors import Fault
from couch.names import AGENT, PAGE, PULL, PUSH, replica_database
from edge.erasure import marker_of
from edge.links import Links

_log = logging.getLogger(__name__)
_SYSTEM = ("_users", "_replicator")


def init(links: Links) -> Database:
    """Make databases, accounts and design documents be there; what stands already stays, consent included.

    Raises Unreachable while the engine does not answer, AccessDenied for a wrong administrator, Fault for a
    device that was erased.
    """
    if marker_of(links.settings) is not None:
        raise Fault(
            f"{links.settings.erasure_file} says that this device's household was erased, so it measures "
            "nothing more. For another household join in another folder (survey edge join --folder)."
        )
    local = links.settings.local
    server = links.local(local.admin)
    for name in _SYSTEM:
        server.create_database(name)
    for account, role in ((local.agent, AGENT), (local.page, PAGE), (local.pull, PULL), (local.push, PUSH)):
        server.put_user(account.user, account.password.reveal(), [role])
    name = replica_database(links.settings.device)
    database = ensure_database(server, name, "replica", replica_security())
    _log.info("the replica of household %s is ready", links.settings.household)
    return database

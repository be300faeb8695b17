"""A household's database destroyed and made anew, with nothing of the old facts in it (design 7, step 4).

The order keeps stale devices out: nobody but the server's administrator may enter until the members are set,
which is the last request, and the one that says `erased`. So a database that does not say it is the old one
or half a new one, and is destroyed (again); one that says it is complete, and stays.
"""

from collections.abc import Callable, Mapping
from typing import Any

from couch.bootstrap import closed_security, deploy, household_security
from couch.client import Server
from couch.design_documents import DESIGNS, load_design_document
from couch.documents import ConsentState
from couch.documents.fields import Json
from couch.errors import NotFound, Unreachable
from couch.names import household_database

_REVOKED = ConsentState.REVOKED.value


def erased_security(household: str) -> Json:
    """`_security` of an erased household: its devices may read it and confirm, nothing else is let in."""
    return {**household_security(household), "consent": {"state": _REVOKED, "erased": True}}


def says_erased(security: Json) -> bool:
    """Whether a `_security` object says that the household's database was made anew."""
    consent = security.get("consent")
    return isinstance(consent, dict) and consent.get("erased") is True


def is_remade(server: Server, household: str) -> bool:
    """Whether the household's database stands there, made anew to the end."""
    try:
        return says_erased(server.database(household_database(household)).security())
    except NotFound:
        return False


def is_old(server: Server, household: str) -> bool:
    """Whether the database with the household's facts still stands there."""
    try:
        consent = server.database(household_database(household)).security().get("consent")
    except NotFound:
        return False
    return isinstance(consent, dict) and consent.get("erased") is False and not consent.get("remaking")


def remake_household(
    server: Server, household: str, consents: Mapping[str, Mapping[str, Any]], may_destroy: Callable[[], None]
) -> bool:
    """Make the household's database anew with `consents` (bodies by id); False where it was done already.

    `server` is the engine's administrator; `may_destroy` is asked right before the destruction and may raise.
    Raises CouchError: do it again.
    """
    if is_remade(server, household):
        return False
    name = household_database(household)
    may_destroy()
    server.delete_database(name)
    server.create_database(name)
    database = server.database(name)
    info = database.info()
    if info["doc_count"] or info["doc_del_count"]:
        raise Unreachable(f"{server.url} has not let go of a destroyed database yet; it is destroyed again.")
    closed = {"state": _REVOKED, "erased": False, "remaking": True}
    database.set_security({**closed_security(()), "consent": closed})
    for doc_id, body in consents.items():  # before the validators: only participants may write a grant
        database.put_once({"_id": doc_id, **body})
    for design in DESIGNS["household"]:
        deploy(database, load_design_document(design))
    database.set_security(erased_security(household))
    return True

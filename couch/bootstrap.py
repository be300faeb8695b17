"""Making databases be there as the design wants them; doing it again changes nothing (design 5, 6, 11).

Order in a new database: design documents first, members last, since between them a stale device could write
unchecked. A changed design document is written beside the old one, its views are built, then it is switched
to, so that no reader waits: an index belongs to its views, whatever the name of their design document.
`_security` is replaced where it differs, except the consent state in it: that belongs to the agent and the
worker, and bootstrap never lowers or resets it.
"""

import time
from collections.abc import Sequence

from couch import names
from couch.client import Database, Server
from couch.design_documents import DESIGNS, HASH_FIELD, DatabaseKind, load_design_document
from couch.documents.consent import GRANTED_ID, REVOKED_ID, ConsentState, consent_state
from couch.documents.fields import Json
from couch.errors import Unreachable

BUILD_WITHIN_S = 6 * 3600.0  # a view over a month of 10,000 households takes a while
_NEXT = ".next"


def ensure_database(server: Server, name: str, kind: DatabaseKind, security: Json) -> Database:
    """The database `name`, with the design documents of its kind and `security` (its consent member kept).

    Raises Unreachable, AccessDenied, Refused.
    """
    server.create_database(name)
    database = server.database(name)
    for design in DESIGNS[kind]:
        deploy(database, load_design_document(design))
    stands = database.security()
    wanted = {**security, "consent": stands["consent"]} if "consent" in stands else security
    if stands != wanted:
        database.set_security(wanted)
    return database


def deploy(database: Database, design: Json, *, build_within_s: float = BUILD_WITHIN_S) -> bool:
    """Put a design document in place, its views built before; False when it stood there already."""
    stands = database.find(design["_id"])
    if stands is not None and stands.get(HASH_FIELD) == design[HASH_FIELD]:
        return False
    new_views = bool(design.get("views")) and (stands is None or stands.get("views") != design["views"])
    if stands is None or not new_views:
        database.replace(design["_id"], lambda _stored: design)
        return True
    ends = time.monotonic() + build_within_s
    following = {**views_of(design), "_id": design["_id"] + _NEXT}
    written = database.replace(following["_id"], lambda _stored: following)
    _await_views(database, following, ends)
    database.replace(design["_id"], lambda _stored: design)
    # Asked for under its own name before the other goes: CouchDB closes an index, losing what it had not yet
    # put on disk, when the only design document under which it was opened is deleted.
    _await_views(database, design, ends)
    if written is not None:
        database.delete(written["_id"], written["_rev"])
    database.clean_views()
    return True


def views_of(design: Json) -> Json:
    """What decides the index: without the validator, which must not judge twice while views are built."""
    return {key: design[key] for key in ("language", "views", "options") if key in design}


def _await_views(database: Database, design: Json, ends: float) -> None:
    for view in design["views"]:
        if view != "lib":  # shared code of map functions
            _await_view(database, design["_id"].removeprefix("_design/"), view, ends)


def _await_view(database: Database, design: str, view: str, ends: float) -> None:
    while True:
        try:
            list(database.view(design, view, limit=0, reduce=False))
        except Unreachable:  # it took longer than one request may: the build goes on meanwhile
            if time.monotonic() >= ends:
                raise
            time.sleep(0.5)
        else:
            return


# --- who may enter


def household_security(household: str) -> Json:
    """Of a household's database at the centre."""
    roles = [names.household_role(household), names.WORKER, names.RESEARCHER, names.ADMINISTRATOR]
    return {**closed_security(roles), "consent": _no_consent()}


def replica_security() -> Json:
    """Of the replica on the device."""
    return {**closed_security(names.DEVICE_ACCOUNTS), "consent": _no_consent()}


def closed_security(roles: Sequence[str]) -> Json:
    """Only these roles are members; only the server's administrators administer.

    CouchDB takes a database without members for a public one, so none means administrators alone.
    """
    return {
        "admins": {"names": [], "roles": []},
        "members": {"names": [], "roles": list(roles) or ["_admin"]},
    }


def _no_consent() -> Json:
    return {"state": ConsentState.NOT_GRANTED.value, "erased": False}


# --- the consent state that validators see


def security_consent(security: Json) -> ConsentState:
    """The consent state in a `_security` object; not granted where none or an unknown one stands."""
    consent = security.get("consent")
    try:
        return ConsentState(consent["state"] if isinstance(consent, dict) else "")
    except (KeyError, ValueError):
        return ConsentState.NOT_GRANTED


def security_erased(security: Json) -> bool:
    """Whether a `_security` object says that the household was erased."""
    consent = security.get("consent")
    return isinstance(consent, dict) and consent.get("erased") is True


def erased_consent() -> Json:
    """The consent member of `_security` after an erasure."""
    return {"state": ConsentState.REVOKED.value, "erased": True}


def raise_consent(database: Database, state: ConsentState) -> bool:
    """Write the state into `_security` where that raises it; False where it stood as high already."""
    security = database.security()
    if security_consent(security).rank >= state.rank:
        return False
    consent = security.get("consent")
    kept = consent if isinstance(consent, dict) else {"erased": False}
    database.set_security({**security, "consent": {**kept, "state": state.value}})
    return True


def document_consent(database: Database) -> ConsentState:
    """The state that the database's consent documents say, from all their leaf revisions."""
    return consent_state(leaf for doc_id in (GRANTED_ID, REVOKED_ID) for leaf in database.leaves(doc_id))

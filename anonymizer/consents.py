"""Consent at the centre: the first body of each document is remembered, the state stands in `_security`."""

from dataclasses import replace
from typing import Any

from anonymizer.connections import Centre
from anonymizer.household_facts import HouseholdFacts
from anonymizer.parking import Parks
from couch.client import Database
from couch.document_content import content_of
from couch.documents import GRANTED_ID, REVOKED_ID, Consent
from couch.documents.fields import Json
from couch.errors import BadDocument

DIFFERS = "it differs from the first one seen, which stays"
Bodies = dict[str, dict[str, Any]]


def remember_consents(
    centre: Centre, household: str, database: Database, known: Bodies, parking: Parks
) -> Bodies:
    """`known` with the body of each consent document that was not seen before.

    A leaf that says something else than the remembered body is parked: a forged revision can win. The state
    of consent does not depend on it, since any readable leaf counts (see `couch.documents.consent_state`).
    """
    out = dict(known)
    for doc_id in (GRANTED_ID, REVOKED_ID):
        winner = database.find(doc_id)
        leaves = [] if winner is None else database.leaves(doc_id)
        # the winner first: where two came at once, it is the one that everybody sees
        for leaf in sorted(leaves, key=lambda leaf: winner is None or leaf["_rev"] != winner["_rev"]):
            if leaf.get("_deleted"):
                continue
            reason = _unreadable(leaf)
            if reason is None:
                body = content_of(leaf)
                if out.setdefault(doc_id, body) == body:
                    continue
                reason = DIFFERS
            parking.park(centre.registry, household, doc_id, leaf["_rev"], reason)
    return out


def with_first_consents(facts: HouseholdFacts, bodies: Bodies) -> HouseholdFacts:
    """`facts` as of the consent documents that were seen first."""
    return replace(
        facts,
        granted=_consent(bodies, GRANTED_ID) or facts.granted,
        revoked=_consent(bodies, REVOKED_ID) or facts.revoked,
    )


def _consent(bodies: Bodies, doc_id: str) -> Consent | None:
    return Consent.from_json({"_id": doc_id, **bodies[doc_id]}) if doc_id in bodies else None


def _unreadable(leaf: Json) -> str | None:
    try:
        Consent.from_json(leaf)
    except BadDocument as err:
        return f"{err.field}: {err.reason}"
    return None

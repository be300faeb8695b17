"""Holding an erasure before the destruction until the files were searched for what is to go."""

from anonymizer.connections import Centre
from couch.documents import ErasureProof
from couch.remaking import is_old


def find_proof(centre: Centre, household: str) -> ErasureProof | None:
    """What the searches found; None: there was none. Raises CouchError."""
    stored = centre.registry.find(f"proof:{household}")
    return None if stored is None else ErasureProof.from_json(stored)


def waits_for_search(centre: Centre, household: str) -> bool:
    """Whether the household still stands there and the search before its destruction was not made yet."""
    if not is_old(centre.admin, household):
        return False
    proof = find_proof(centre, household)
    return proof is None or proof.before is None


def never_waits(_centre: Centre, _household: str) -> bool:
    """Where no proof is wanted."""
    return False

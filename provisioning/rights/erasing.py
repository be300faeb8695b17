"""Erasure altogether (art. 17 GDPR): the household's measurements in research go as well.

The worker does it (`anonymizer.altogether`): access is closed, the household's database is destroyed and
made anew as an erased one, so that devices are told, research loses every measurement, gap and the context,
and the registry keeps the bare record of the erasure. Here that is asked for and waited for.
"""

import time
from dataclasses import dataclass

from couch.client import Server
from couch.documents import Erasure, Json
from couch.errors import Fault
from couch.names import REGISTRY
from provisioning.rights.anonymizing import Anonymizing
from provisioning.rights.household_content import HouseholdContent

WITHIN_S = 3600.0
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class ErasedAltogether:
    """`exports`: data sets that went out with the household; their holders have to be told (art. 19)."""

    record: Erasure
    pseudonym: str
    exports: tuple[Json, ...]


def require_certainty(household: str, typed: str, yes: bool) -> None:
    """Raises Fault unless the uuid was typed once more and the option was given."""
    if not yes:
        raise Fault(
            "nothing was erased: this cannot be undone, so it also takes the option --yes-erase-everything."
        )
    if typed.strip() != household:
        raise Fault("nothing was erased: what was typed is not the household's uuid.")


def erase_household(
    household: str, *, admin: Server, anonymizing: Anonymizing, within_s: float = WITHIN_S
) -> ErasedAltogether:
    """Ask for it and wait until research holds nothing. Raises Fault, CouchError: run it again."""
    content = HouseholdContent(admin, household, anonymizing.pseudonyms)
    if not content.known():
        raise Fault(f"there is no household {household}. Take its uuid from the list of households.")
    anonymizing.ask_for_erasure(household)
    anonymizing.visit(household)
    registry = admin.database(REGISTRY)
    ends = time.monotonic() + within_s
    while True:
        record = Erasure.from_json(registry.get(f"erasure:{household}"))
        if record.research_erased_at is not None:
            return ErasedAltogether(record, content.pseudonym, tuple(content.exports()))
        if time.monotonic() >= ends:
            raise Fault(
                "the erasure goes on, it has not ended. See survey anonymizer status, then run this again."
            )
        time.sleep(_LOOK_EVERY_S)

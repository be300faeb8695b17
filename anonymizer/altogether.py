"""Erasure altogether: what a revocation leaves in research goes as well (`survey household erase`).

It comes after the revocation's own steps, which then draw no location. What stays: the bare record of the
erasure in `registry`, by which devices are told, and in `research` the pseudonym of a household that earlier
data sets are to be corrected by. Each step can be repeated; the end is written down last.
"""

import uuid
from collections.abc import Callable

import msgspec

from anonymizer.connections import Centre
from anonymizer.erasure_record import update
from anonymizer.forgetting import noted_ranges
from couch.clock import Clock
from couch.compaction import purge_tombstones
from couch.document_content import content_of
from couch.documents import REVOKED_ID, Author, Consent, Erasure, Json, Withdrawal, utc
from couch.names import REGISTRY, RESEARCH
from couch.research_erasure import compact_whole, forget, months_of, purge_readings

Bodies = dict[str, Json]


def ask_for_erasure(centre: Centre, household: str, clock: Clock) -> Erasure:
    """Write down that the household is to be erased altogether; the worker sees it at its next visit."""
    asked = Erasure(
        household=household, receipt=str(uuid.uuid4()), begun_at=utc(clock.now()), altogether=True
    )
    return update(centre.registry, asked, lambda record: msgspec.structs.replace(record, altogether=True))


def with_revocation(consents: Bodies, record: Erasure) -> Bodies:
    """The consents that outlive the erasure; who wants everything erased has revoked by that."""
    if REVOKED_ID in consents:
        return consents
    revoked = Consent(state="revoked", at=record.begun_at, by=Author(role="researcher"))
    return {**consents, REVOKED_ID: content_of(revoked.to_json())}


def erase_altogether(
    centre: Centre, record: Erasure, pseudonym: str, clock: Clock, may_go_on: Callable[[], None]
) -> Erasure:
    """Research and the registry's entry erased; the record afterwards. Raises LeaseLost, CouchError.

    Done again it only looks whether something came back, from a worker that was paused for long.
    """
    found = months_of(centre.admin, pseudonym)
    context = f"context:{pseudonym}"
    done = record.research_erased_at is not None
    if done and not found and centre.research.find(context) is None:
        return record
    record = update(
        centre.registry,
        record,
        lambda stored: msgspec.structs.replace(stored, months=tuple(sorted({*stored.months, *found}))),
    )
    for name in record.months:
        purge_readings(centre.admin.database(name), pseudonym, may_go_on)
    research = centre.admin.database(RESEARCH)
    centre.research.put_once(Withdrawal(household=pseudonym).to_json())
    forget(research, context)
    registry = centre.admin.database(REGISTRY)
    _clear_registry(centre, record.household)
    for name in record.months:
        may_go_on()
        compact_whole(centre.admin.database(name))
    compact_whole(research)
    record = update(
        centre.registry,
        record,
        lambda stored: msgspec.structs.replace(stored, kept=(), not_kept={}, read_to="", months=()),
    )
    compact_whole(registry)
    at = utc(clock.now())
    return update(
        centre.registry, record, lambda stored: msgspec.structs.replace(stored, research_erased_at=at)
    )


def _clear_registry(centre: Centre, household: str) -> None:
    """Nothing but the record of the erasure."""
    registry = centre.admin.database(REGISTRY)
    forget(registry, f"household:{household}")
    ranges = noted_ranges(household)
    for start, end in ranges:
        for doc_id, _rev in list(registry.rows(start=start, end=end)):
            forget(registry, doc_id)
    purge_tombstones(registry, tuple(start for start, _ in ranges))

"""The revocation, step by step in the order of design 7; each step can be repeated, its end is written down.

    access_closed -> research_complete -> context_anonymized -> database_remade -> registry_cleared
    -> files_compacted (-> the devices' confirmations, whenever they come)

What is done is seen from the world, not believed from the record: a worker that died between a step and its
note does the step again and finds nothing left to do. The one thing that cannot be repeated, the drawing of
the location, is done by the one PUT that replaces the context, by its revision: of two that draw, one stays.
Nothing here names a household in a log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import msgspec

from anonymizer.altogether import erase_altogether, with_revocation
from anonymizer.compactions import Compactions
from anonymizer.connections import Centre
from anonymizer.consents import remember_consents
from anonymizer.erasure_record import Change, begin, confirm, find_erasure, note
from anonymizer.forgetting import clear_registry, forget_files
from anonymizer.household_facts import read_facts
from anonymizer.mapping import anonymized_context, granted_context, withdrawn_context
from anonymizer.metrics import Metrics
from anonymizer.parking import ERASURE, Parks
from anonymizer.proof.hold import never_waits
from anonymizer.pseudonyms import Pseudonyms
from anonymizer.readings import NotYet, Readings
from anonymizer.research_proof import Tally, has_readings_since, prove
from couch.blurring import Blurring
from couch.bootstrap import document_consent, raise_consent
from couch.clock import Clock
from couch.documents import (
    ConsentState,
    Context,
    ContextLocation,
    DeviceErasure,
    Erased,
    Erasure,
    Json,
    Step,
)
from couch.errors import BadDocument, Fault
from couch.remaking import is_old, is_remade, remake_household
from couch.worker_progress import load_progress

STEPS: tuple[Step, ...] = tuple(Step)


class Draw(Protocol):
    """Draws a location in the ring around the exact one (`anonymizer.location`)."""

    def __call__(self, exact: ContextLocation) -> ContextLocation:
        """Raises Fault where that cannot be done: no region, no geodata."""


class NotRevoked(Fault):
    """The household's consent was not revoked, so nothing of it is erased."""

    def __init__(self) -> None:
        super().__init__(
            "this household's consent is not revoked, so it cannot be erased. Record the revocation first."
        )


def _no_receipt(_centre: Centre, _record: Erasure) -> None:
    """Where no receipts are issued."""


@dataclass(frozen=True, slots=True)
class Job:
    """One step's view of the world. `may_go_on` raises LeaseLost where another worker may be at it."""

    centre: Centre
    household: str
    record: Erasure
    may_go_on: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Revocation:
    """Carries out revocations; its threads share it."""

    pseudonyms: Pseudonyms
    parking: Parks
    metrics: Metrics
    clock: Clock
    draw: Draw
    blurring: Blurring = field(default_factory=Blurring)
    compactions: Compactions = field(default_factory=Compactions)
    waits: Callable[[Centre, str], bool] = never_waits  # for the search of the files before a destruction
    ended: Callable[[Centre, Erasure], None] = _no_receipt  # told when an erasure ends, and of confirmations

    def revoke(self, centre: Centre, household: str, may_go_on: Callable[[], None] = lambda: None) -> Erasure:
        """Go on from where it is, to the end or to where a person is needed; the record as it is then.

        `household` is its uuid. Where the location cannot be drawn the household stays stopped, its context
        is withdrawn, and the reason is parked under the name `erasure`: nothing is raised, `next_step` tells.
        Raises NotRevoked, LeaseLost, CouchError: call it again later.
        """
        record = find_erasure(centre.registry, household)
        if record is None:
            self._require_revoked(centre, household)
            record = begin(centre.registry, household, self.clock)
        while (step := record.next_step) is not None:
            may_go_on()
            if step is Step.DATABASE_REMADE and self.waits(centre, household):
                return record
            job = Job(centre, household, record, may_go_on)
            try:
                with self.metrics.timed(f"step_{step}"):
                    change = _STEPS[step](self, job)
            except Fault as err:
                self._stands_still(job, str(err))
                return record
            except NotYet as err:
                if self.parking.tried_enough(household, ERASURE):
                    self._stands_still(job, str(err))
                    return record
                raise
            record = note(centre.registry, record, step, change, self.clock)
            if record.next_step is None:
                self.metrics.add("erased")
                self.ended(centre, record)
        return record

    def take_confirmations(self, centre: Centre, household: str, record: Erasure) -> Erasure:
        """Take over what the household's devices say about their erasure. Raises CouchError."""
        words = []
        database = centre.household_as_admin(household)  # whatever somebody did to its members
        docs = database.documents(start="erased:", end="erased;") if database.exists() else ()
        for doc in docs:
            try:
                words.append(Erased.from_json(doc))
            except BadDocument as err:
                reason = f"{err.field}: {err.reason}"
                self.parking.park(centre.registry, household, doc["_id"], doc["_rev"], reason)
        fresh = [word for word in words if _is_news(record, word)]
        if not fresh:
            return record
        record = confirm(centre.registry, record, fresh)
        self.ended(centre, record)
        return record

    def erase_altogether(self, centre: Centre, record: Erasure, may_go_on: Callable[[], None]) -> Erasure:
        """What the revocation leaves in research goes as well. Raises LeaseLost, CouchError."""
        pseudonym = self.pseudonyms.household(record.household)
        return erase_altogether(centre, record, pseudonym, self.clock, may_go_on)

    # --- the steps; each returns what its end adds to the record

    def close_access(self, job: Job) -> Change:
        raise_consent(job.centre.household_as_admin(job.household), ConsentState.REVOKED)
        return _nothing

    def complete_research(self, job: Job) -> Change:
        """Every reading is in research, or counted among those that it cannot take.

        Where everything is to be erased nothing is brought there any more.
        """
        database = job.centre.household(job.household)
        readings = Readings(job.household, self.pseudonyms, self.parking, self.metrics)
        read_to = "0"
        tally = Tally()
        while not job.record.altogether:
            since = str(database.info()["update_seq"])
            tally = prove(job.centre, database, readings)
            job.may_go_on()
            # A write that was judged before `_security` said revoked can come in behind the reading.
            if not has_readings_since(database, since):
                read_to = since
                break
        known = load_progress(job.centre.registry, job.household).consents
        consents = remember_consents(job.centre, job.household, database, known, self.parking)
        facts = read_facts(database, lambda _doc, _err: None)
        devices = (
            tally.devices
            | {device.device for device in facts.devices}
            | {heartbeat.device for heartbeat in facts.heartbeats}
        )

        def change(record: Erasure) -> Erasure:
            return msgspec.structs.replace(
                record,
                consents=with_revocation(consents, record) if record.altogether else consents,
                kept=tally.meters(),
                not_kept=dict(tally.not_kept),
                devices=tuple(DeviceErasure(device=device) for device in sorted(devices)),
                read_to=read_to,
            )

        return change

    def anonymize_context(self, job: Job) -> Change:
        """The location is drawn by the PUT that replaces the context; a repeat finds it there."""
        drawn: list[Context] = []  # one drawing a call, however often its PUT meets another revision

        def replaced(stored: Json | None) -> Json | None:
            if stored is None or Context.from_json(stored).anonymized:
                return None  # consent was never in effect: research knows nothing; or it is done
            if job.record.altogether:
                return withdrawn_context(Context.from_json(stored)).to_json()  # it goes in the end
            if not drawn:
                drawn.append(self._anonymized(job))
            return drawn[0].to_json()

        job.centre.research.replace(f"context:{self.pseudonyms.household(job.household)}", replaced)
        self.parking.release(job.centre.registry, job.household, ERASURE)
        return _nothing

    def remake_database(self, job: Job) -> Change:
        centre, household = job.centre, job.household
        record = job.record
        late: Change = _nothing
        if (
            not record.altogether
            and is_old(centre.admin, household)
            and has_readings_since(centre.household(household), record.read_to)
        ):
            late = self.complete_research(job)
            record = late(record)
        remake_household(centre.admin, household, record.consents, job.may_go_on)
        return late

    def clear_registry(self, job: Job) -> Change:
        clear_registry(job.centre, job.household)
        return _nothing

    def compact_files(self, job: Job) -> Change:
        pseudonym = self.pseudonyms.household(job.household)
        forget_files(job.centre, job.household, pseudonym, self.compactions)
        return _nothing

    def _anonymized(self, job: Job) -> Context:
        facts = read_facts(job.centre.household(job.household), lambda _doc, _err: None)
        exact = granted_context(facts, job.household, self.pseudonyms)
        location = None if exact.location is None else self.draw(exact.location)
        job.may_go_on()
        return anonymized_context(exact, location, self.blurring)

    def _require_revoked(self, centre: Centre, household: str) -> None:
        if is_remade(centre.admin, household):
            return  # the record was lost; what there is to do is seen from the world
        if document_consent(centre.household(household)) is not ConsentState.REVOKED:
            raise NotRevoked

    def _stands_still(self, job: Job, reason: str) -> None:
        """Tell the administrator; nobody sees the exact place in research meanwhile."""

        def withdrawn(stored: Json | None) -> Json | None:
            return None if stored is None else withdrawn_context(Context.from_json(stored)).to_json()

        job.centre.research.replace(f"context:{self.pseudonyms.household(job.household)}", withdrawn)
        self.parking.park(job.centre.registry, job.household, ERASURE, "", reason)


def _nothing(record: Erasure) -> Erasure:
    return record


def _is_news(record: Erasure, word: Erased) -> bool:
    return not any(each.device == word.device and each.confirmed_at is not None for each in record.devices)


_STEPS: Mapping[Step, Callable[[Revocation, Job], Change]] = MappingProxyType(
    {
        Step.ACCESS_CLOSED: Revocation.close_access,
        Step.RESEARCH_COMPLETE: Revocation.complete_research,
        Step.CONTEXT_ANONYMIZED: Revocation.anonymize_context,
        Step.DATABASE_REMADE: Revocation.remake_database,
        Step.REGISTRY_CLEARED: Revocation.clear_registry,
        Step.FILES_COMPACTED: Revocation.compact_files,
    }
)

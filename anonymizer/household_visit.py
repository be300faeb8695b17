"""One household: its feed read to the end, each batch made durable before its sequence is saved.

Order within a batch, since the worker can die after every line of it:
1. granted: the context into `research`, then `_security`; so no measurement is let in before its context;
2. revoked: `_security` first;
3. readings into `research`; 4. reports and the summary into `registry`; 5. the sequence.
Each step done again changes nothing. When the feed of a revoked household is read to its end, the household
is erased (`anonymizer.revocation`).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from anonymizer.batches import FACTS, Sorted, sort_changes
from anonymizer.connections import Centre
from anonymizer.consents import Bodies, remember_consents, with_first_consents
from anonymizer.household_facts import HouseholdFacts, read_facts
from anonymizer.mapping import granted_context
from anonymizer.metrics import Metrics
from anonymizer.parking import ERASURE, LastTry, Parking, parked_ids
from anonymizer.pseudonyms import Pseudonyms
from anonymizer.readings import Readings
from anonymizer.reports import note_reports
from anonymizer.revocation import Revocation
from anonymizer.summaries import heard_from, measured, summarize
from couch.bootstrap import document_consent, raise_consent
from couch.client import Change, ChangesBatch, Database
from couch.clock import Clock
from couch.documents import ConsentState, Context, Erasure, HouseholdSummary, Json, Retry, Step
from couch.errors import BadDocument, Conflict, NotFound
from couch.remaking import remake_household
from couch.worker_progress import Progress, instance_of, load_progress, save_progress

READINGS = frozenset({"measurement", "gap", "heartbeat", "report"})


@dataclass(slots=True)
class HouseholdVisitor:
    """Visits one household again and again, one thread at a time; keeps nothing it could not lose."""

    household: str
    pseudonyms: Pseudonyms
    parking: Parking
    metrics: Metrics
    batch_documents: int
    revocation: Revocation
    clock: Clock
    _consent: ConsentState | None = None  # None: not yet looked at since the start
    _readings: Readings = field(init=False)

    def __post_init__(self) -> None:
        self._readings = Readings(self.household, self.pseudonyms, self.parking, self.metrics)

    def visit(
        self, centre: Centre, stop: threading.Event, may_go_on: Callable[[], None] = lambda: None
    ) -> None:
        """Take everything that is in the household's feed now; where consent is revoked, erase.

        A database that is gone is nothing to take, unless it is being made anew. `may_go_on` raises LeaseLost
        where another worker may serve the household.
        Raises CouchError: come again later, nothing is lost and nothing is done twice.
        """
        self.metrics.add("visits")
        erasure, wish = self._notes(centre)
        if erasure is None or not (erasure.altogether or erasure.done(Step.CONTEXT_ANONYMIZED)):
            if not self._read_feed(centre, stop, may_go_on):
                return
            if wish is not None:
                self._retry(centre, wish)
            if self._consent is not ConsentState.REVOKED or stop.is_set():
                return
            wish = None
        erasure = self.revocation.revoke(centre, self.household, may_go_on)
        if wish is not None:
            _fulfilled(centre, wish)
        if erasure.next_step is None:
            self._look_after(centre, erasure, may_go_on)

    def _notes(self, centre: Centre) -> tuple[Erasure | None, Retry | None]:
        """How far an erasure is, and whether something is to be tried again."""
        keys = [f"erasure:{self.household}", f"retry:{self.household}"]
        found = {doc["_id"]: doc for doc in centre.registry.documents(keys=keys)}
        erasure, wish = found.get(keys[0]), found.get(keys[1])
        return (
            None if erasure is None else Erasure.from_json(erasure),
            None if wish is None else Retry.from_json(wish),
        )

    def _look_after(self, centre: Centre, erasure: Erasure, may_go_on: Callable[[], None]) -> None:
        """An erased household stays erased, and its devices' confirmations are taken over."""
        erasure = self.revocation.take_confirmations(centre, self.household, erasure)
        if remake_household(centre.admin, self.household, erasure.consents, may_go_on):
            self.metrics.add("remade_again")
        if erasure.altogether:
            self.revocation.erase_altogether(centre, erasure, may_go_on)

    def _read_feed(self, centre: Centre, stop: threading.Event, may_go_on: Callable[[], None]) -> bool:
        """Whether the feed was read to its end; False: there is no database, or `stop` is set."""
        database = centre.household(self.household)
        try:
            instance = instance_of(database.info())
        except NotFound:
            self._consent = None
            return False
        progress = load_progress(centre.registry, self.household)
        if progress.instance != instance:
            progress = Progress(instance=instance, consents=progress.consents)
            self._consent = None
        while not stop.is_set():
            batch = database.changes(progress.seq, limit=self.batch_documents)
            if not batch.changes and self._consent is not None:
                return True
            may_go_on()
            consents = self._take(centre, database, batch, progress.consents, self._readings)
            if batch.changes:
                progress = Progress(seq=batch.last_seq, instance=instance, consents=consents)
                save_progress(centre.registry, self.household, progress)
                self.metrics.add("documents", len(batch.changes))
        return False

    def _retry(self, centre: Centre, wish: Retry) -> None:
        """Take parked documents once more; those that can be taken now leave the parking."""
        database = centre.household(self.household)
        start, end = parked_ids(self.household)
        noted = [doc_id.removeprefix(start) for doc_id, _rev in centre.registry.rows(start=start, end=end)]
        asked = [doc_id for doc_id in noted if not wish.documents or doc_id in wish.documents]
        changes = []
        for doc_id in asked:
            doc = None if doc_id == ERASURE else database.find(doc_id)
            if doc is not None:
                changes.append(Change("", doc_id, (doc["_rev"],), deleted=False, doc=doc))
        if changes:
            parking = LastTry(self.parking)
            readings = Readings(self.household, self.pseudonyms, parking, self.metrics)
            known = load_progress(centre.registry, self.household).consents
            self._take(centre, database, ChangesBatch(tuple(changes), "", 0), known, readings)
            for change in changes:
                if change.id not in parking.parked and change.id.split(":", 1)[0] in READINGS:
                    self.parking.release(centre.registry, self.household, change.id)
        _fulfilled(centre, wish)

    def _take(
        self, centre: Centre, database: Database, batch: ChangesBatch, known: Bodies, readings: Readings
    ) -> Bodies:
        found = sort_changes(batch.changes)
        consents = known
        if found.consents_changed:
            consents = remember_consents(centre, self.household, database, known, self.parking)
        if self._consent is None or found.consents_changed:
            consent = document_consent(database)
        else:
            consent = self._consent
        facts: HouseholdFacts | None = None
        if found.facts_changed or found.consents_changed:
            facts = with_first_consents(self._facts(centre, database), consents)
            if consent is ConsentState.GRANTED:
                context = granted_context(facts, self.household, self.pseudonyms)
                centre.research.replace(context.id, lambda stored: _unless_revoked(stored, context))
        if raise_consent(centre.household_as_admin(self.household), consent):
            self.metrics.add("consent_raised")
        readings.take(centre, database, found, consent)
        for doc_id, rev, reason in found.bad:
            readings.parking.park(centre.registry, self.household, doc_id, rev, reason)
        note_reports(centre.registry, self.household, found.reports)
        self._summarize(centre, found, facts, consent)
        self._consent = consent
        return consents

    def _facts(self, centre: Centre, database: Database) -> HouseholdFacts:
        """The facts that can be read; the others are parked until they can."""
        bad: dict[str, tuple[str, str]] = {}

        def on_bad(doc: Json, err: BadDocument) -> None:
            bad[str(doc["_id"])] = (str(doc["_rev"]), f"{err.field}: {err.reason}")

        facts = read_facts(database, on_bad)
        for doc_id, (rev, reason) in bad.items():
            self.parking.park(centre.registry, self.household, doc_id, rev, reason)
        mended = f"parked:{self.household}:"
        for parked_id, _rev in list(centre.registry.rows(start=mended, end=f"{mended}\ufff0")):
            doc_id = parked_id.removeprefix(mended)
            if doc_id.split(":", 1)[0] in FACTS and doc_id not in bad:
                self.parking.release(centre.registry, self.household, doc_id)
        return facts

    def _summarize(
        self, centre: Centre, found: Sorted, facts: HouseholdFacts | None, consent: ConsentState
    ) -> None:
        newest = max((measurement.slot for measurement in found.measurements), default=None)
        if facts is None and newest is None and not found.heartbeats:
            return
        now = self.clock.now()
        fresh = HouseholdSummary(
            household=self.household, pseudonym=self.pseudonyms.household(self.household)
        )

        def change(stored: Json | None) -> Json | None:
            summary = fresh if stored is None else HouseholdSummary.from_json(stored)
            if summary.erased:
                return None  # by another worker, while this one was paused
            if facts is not None:
                summary = summarize(summary, facts, consent, now)
            return measured(heard_from(summary, found.heartbeats, now), newest).to_json()

        centre.registry.replace(fresh.id, change)


def _unless_revoked(stored: Json | None, context: Context) -> Json | None:
    """Another worker may have revoked while this one was paused: what it wrote stays."""
    if stored is not None and Context.from_json(stored).consent is ConsentState.REVOKED:
        return None
    return context.to_json()


def _fulfilled(centre: Centre, wish: Retry) -> None:
    """The wish goes, unless it went with the registry's entry or was made anew meanwhile."""
    try:
        centre.registry.delete(wish.id, wish.rev or "")
    except (Conflict, NotFound):
        return

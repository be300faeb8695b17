"""One household: its feed read to the end, each batch made durable before its sequence is saved.

Order within a batch, since the worker can die after every line of it:
1. granted: the context into `research`, then `_security`; so no measurement is let in before its context;
2. revoked: `_security` first, then `research`, which keeps what was measured under consent;
3. readings into `research`; 4. the summary in `registry`; 5. the sequence.
Each step done again changes nothing.
"""

import threading
from dataclasses import dataclass, field

from anonymizer.batches import FACTS, Sorted, sort_changes
from anonymizer.connections import Centre
from anonymizer.consents import Bodies, remember_consents, with_first_consents
from anonymizer.household_facts import HouseholdFacts, read_facts
from anonymizer.mapping import granted_context, revoked_context
from anonymizer.metrics import Metrics
from anonymizer.parking import Parking
from anonymizer.pseudonyms import Pseudonyms
from anonymizer.readings import Readings
from anonymizer.summaries import heard_from, measured, summarize
from couch.bootstrap import document_consent, raise_consent
from couch.client import ChangesBatch, Database
from couch.documents import ConsentState, Context, HouseholdSummary, Json
from couch.errors import BadDocument, NotFound
from couch.worker_progress import Progress, instance_of, load_progress, save_progress


@dataclass(slots=True)
class HouseholdVisitor:
    """Visits one household again and again, one thread at a time; keeps nothing it could not lose."""

    household: str
    pseudonyms: Pseudonyms
    parking: Parking
    metrics: Metrics
    batch_documents: int
    _consent: ConsentState | None = None  # None: not yet looked at since the start
    _readings: Readings = field(init=False)

    def __post_init__(self) -> None:
        self._readings = Readings(self.household, self.pseudonyms, self.parking, self.metrics)

    def visit(self, centre: Centre, stop: threading.Event) -> None:
        """Take everything that is in the household's feed now. A database that is gone is nothing to take.

        Raises CouchError: come again later, nothing is lost and nothing is done twice.
        """
        self.metrics.add("visits")
        database = centre.household(self.household)
        try:
            instance = instance_of(database.info())
        except NotFound:
            self._consent = None
            return
        progress = load_progress(centre.registry, self.household)
        if progress.instance != instance:
            progress = Progress(instance=instance, consents=progress.consents)
            self._consent = None
        while not stop.is_set():
            batch = database.changes(progress.seq, limit=self.batch_documents)
            if not batch.changes and self._consent is not None:
                return
            consents = self._take(centre, database, batch, progress.consents)
            if batch.changes:
                progress = Progress(seq=batch.last_seq, instance=instance, consents=consents)
                save_progress(centre.registry, self.household, progress)
                self.metrics.add("documents", len(batch.changes))

    def _take(self, centre: Centre, database: Database, batch: ChangesBatch, known: Bodies) -> Bodies:
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
                centre.research.replace(context.id, lambda _stored: context.to_json())
        if raise_consent(centre.household_as_admin(self.household), consent):
            self.metrics.add("consent_raised")
        self._readings.take(centre, database, found, consent)
        for doc_id, rev, reason in found.bad:
            self.parking.park(centre.registry, self.household, doc_id, rev, reason)
        if consent is ConsentState.REVOKED and found.consents_changed:
            self._revoke_context(centre)
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

    def _revoke_context(self, centre: Centre) -> None:
        def change(stored: Json | None) -> Json | None:
            # None: consent was never in effect here, so research knows nothing of this household
            return None if stored is None else revoked_context(Context.from_json(stored)).to_json()

        centre.research.replace(f"context:{self.pseudonyms.household(self.household)}", change)

    def _summarize(
        self, centre: Centre, found: Sorted, facts: HouseholdFacts | None, consent: ConsentState
    ) -> None:
        newest = max((measurement.slot for measurement in found.measurements), default=None)
        if facts is None and newest is None and not found.heartbeats:
            return
        fresh = HouseholdSummary(
            household=self.household, pseudonym=self.pseudonyms.household(self.household)
        )

        def change(stored: Json | None) -> Json:
            summary = fresh if stored is None else HouseholdSummary.from_json(stored)
            if facts is not None:
                summary = summarize(summary, facts, consent)
            return measured(heard_from(summary, found.heartbeats), newest).to_json()

        centre.registry.replace(fresh.id, change)

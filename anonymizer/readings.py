"""Measurements and gaps on their way into research: checked, mapped, stored once, what differs parked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from anonymizer.batches import Sorted, reading_from
from anonymizer.connections import Centre
from anonymizer.mapping import research_gap, research_measurement
from anonymizer.metrics import Metrics
from anonymizer.parking import Parks
from anonymizer.pseudonyms import Pseudonyms
from couch.client import Database
from couch.documents import ConsentState, Gap, Measurement, ResearchGap, ResearchMeasurement
from couch.errors import AccessDenied, BadDocument, CouchError, NotFound, Refused
from couch.names import month_database
from couch.research import ensure_months, stored_twin, write_research

NO_CONSENT = "there was no consent when it came"
FOREIGN_METER = "its meter is not registered in this household"
DIFFERS = "it differs from the first one seen of this meter and slot, which stays"


class NotYet(CouchError):  # noqa: N818
    """Research would not take a document, which has tries left: visit the household again."""


@dataclass(slots=True)
class Readings:
    """Takes the readings of one household, for one thread at a time."""

    household: str
    pseudonyms: Pseudonyms
    parking: Parks
    metrics: Metrics
    _meters: set[str] = field(default_factory=set)  # known to be this household's, now or formerly
    _months: set[str] = field(default_factory=set)  # known to be there

    def take(self, centre: Centre, database: Database, batch: Sorted, consent: ConsentState) -> None:
        """Everything in `batch` is durable in research, or parked, when this returns.

        Raises CouchError, among them NotYet: take the batch again.
        """
        mapped: dict[str, ResearchMeasurement | ResearchGap] = {}
        readings: list[Measurement | Gap] = [*batch.measurements, *batch.gaps]
        for reading in readings:
            reason = self.unfit(database, reading, consent)
            if reason is not None:
                self._park(centre, reading, reason)
                continue
            doc = self.mapped(reading)
            if doc is not None:
                mapped[reading.id] = doc
        self._store(centre, mapped, {reading.id: reading for reading in readings})
        for doc_id in batch.contested:
            self._compare_leaves(centre, database, doc_id, mapped.get(doc_id))
        self.metrics.add("measurements", len(batch.measurements))
        self.metrics.add("gaps", len(batch.gaps))

    def unfit(self, database: Database, reading: Measurement | Gap, consent: ConsentState) -> str | None:
        """Why research may not take it; None: it may."""
        if consent is ConsentState.NOT_GRANTED:
            return NO_CONSENT
        if reading.meter not in self._meters:
            # A meter that was taken out of use still has a leaf, and what it measured before still counts.
            if not database.leaves(f"meter:{reading.meter}"):
                return FOREIGN_METER
            self._meters.add(reading.meter)
        return None

    def mapped(self, reading: Measurement | Gap) -> ResearchMeasurement | ResearchGap | None:
        """What research sees of it; None: nothing."""
        if isinstance(reading, Measurement):
            return research_measurement(reading, self.household, self.pseudonyms)
        return research_gap(reading, self.household, self.pseudonyms)

    def _store(
        self,
        centre: Centre,
        mapped: dict[str, ResearchMeasurement | ResearchGap],
        readings: dict[str, Measurement | Gap],
    ) -> None:
        names = {doc.id: doc_id for doc_id, doc in mapped.items()}  # research id -> household id
        docs = list(mapped.values())
        self.ensure_months(centre, docs)
        try:
            written = write_research(centre.worker, docs)
        except NotFound:
            self._months.clear()  # somebody removed a month: the next visit makes it anew
            raise
        except AccessDenied:
            raise
        except Refused as err:
            if len(docs) == 1:
                self._refused(centre, readings[names[docs[0].id]], err.reason)
                return
            for doc_id, doc in mapped.items():  # find the one that spoils the request
                self._store(centre, {doc_id: doc}, readings)
            return
        for research_id in written.differing:
            self._park(centre, readings[names[research_id]], DIFFERS)
        for research_id, reason in written.refused:
            self._refused(centre, readings[names[research_id]], reason)

    def ensure_months(self, centre: Centre, docs: Sequence[ResearchMeasurement | ResearchGap]) -> None:
        """Make the months of `docs` be there."""
        moments = {
            month_database(moment): moment
            for moment in (
                doc.slot if isinstance(doc, ResearchMeasurement) else doc.from_slot for doc in docs
            )
        }
        missing = moments.keys() - self._months
        if missing:
            ensure_months(centre.admin, [moments[name] for name in missing])
            self._months |= missing

    def _compare_leaves(
        self,
        centre: Centre,
        database: Database,
        doc_id: str,
        mapped: ResearchMeasurement | ResearchGap | None,
    ) -> None:
        """A reading has several revisions: those that say something else than research are parked."""
        if mapped is None:
            return
        first = stored_twin(centre.worker, mapped)
        for leaf in database.leaves(doc_id):
            if leaf.get("_deleted"):
                continue
            try:
                other = self.mapped(reading_from(doc_id, leaf))
            except BadDocument:
                other = None
            if other != first:
                self.parking.park(centre.registry, self.household, doc_id, leaf["_rev"], DIFFERS)

    def _refused(self, centre: Centre, reading: Measurement | Gap, reason: str) -> None:
        if not self.parking.tried_enough(self.household, reading.id):
            raise NotYet("research refused a document; it is tried again.")
        self._park(centre, reading, f"research refused it: {reason}")

    def _park(self, centre: Centre, reading: Measurement | Gap, reason: str) -> None:
        self.parking.park(centre.registry, self.household, reading.id, reading.rev or "", reason)

"""Research shown to hold every reading of a household's database: from scratch, ids and bodies (design 7, 2).

Not from what the worker remembers to have done: each document is read again, mapped again and compared with
what stands in research. What is missing there is written. Readings that research could not take (unreadable,
of a foreign meter, other content than the first one seen) are counted by their reason.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from anonymizer.batches import Sorted, reading_from
from anonymizer.connections import Centre
from anonymizer.readings import NotYet, Readings
from couch.client import Database
from couch.documents import ConsentState, Gap, Json, Measurement, MeterKept, ResearchGap, ResearchMeasurement
from couch.errors import BadDocument
from couch.research import lacking

_CHUNK = 1000
_KINDS = ("measurement", "gap")
UNREADABLE = "unreadable"
NO_QUANTITY = "no quantity of energy in it"
DIFFERENT = "research keeps the first one seen"


@dataclass(slots=True)
class Tally:
    """What research keeps of a household, and why it lacks the rest."""

    kept: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))  # by meter, by kind
    not_kept: Counter[str] = field(default_factory=Counter)
    devices: set[str] = field(default_factory=set)  # that ever wrote a reading

    def meters(self) -> tuple[MeterKept, ...]:
        return tuple(
            MeterKept(meter=meter, measurements=counts["measurement"], gaps=counts["gap"])
            for meter, counts in sorted(self.kept.items())
        )


def prove(centre: Centre, database: Database, readings: Readings) -> Tally:
    """Compare every reading in `database` with research, and write what is missing there.

    Raises NotYet where research does not take what it should hold, CouchError.
    """
    tally = Tally()
    for kind in _KINDS:
        # ";" follows ":" in the byte order of ids
        for chunk in _chunks(database.documents(start=f"{kind}:", end=f"{kind};")):
            _prove_chunk(centre, database, readings, chunk, tally)
    return tally


def has_readings_since(database: Database, since: str) -> bool:
    """Whether a reading came into the household's feed after `since`."""
    while True:
        batch = database.changes(since, include_docs=False)
        if any(change.id.startswith(tuple(f"{kind}:" for kind in _KINDS)) for change in batch.changes):
            return True
        if not batch.changes:
            return False
        since = batch.last_seq


def _prove_chunk(
    centre: Centre, database: Database, readings: Readings, docs: Sequence[Json], tally: Tally
) -> None:
    mapped: dict[str, tuple[Measurement | Gap, ResearchMeasurement | ResearchGap]] = {}
    for doc in docs:
        try:
            reading = reading_from(str(doc["_id"]), doc)
        except BadDocument:
            tally.not_kept[UNREADABLE] += 1
            continue
        tally.devices.add(reading.device)
        unfit = readings.unfit(database, reading, ConsentState.REVOKED)
        wanted = None if unfit else readings.mapped(reading)
        if wanted is None:
            tally.not_kept[unfit or NO_QUANTITY] += 1
        else:
            mapped[wanted.id] = (reading, wanted)
    wanted_docs = [wanted for _, wanted in mapped.values()]
    lacks = lacking(centre.worker, wanted_docs)
    if lacks.absent or lacks.differing:
        again = [mapped[doc_id][0] for doc_id in (*lacks.absent, *lacks.differing)]
        readings.take(centre, database, _batch(again), ConsentState.REVOKED)
        lacks = lacking(centre.worker, wanted_docs)
    if lacks.absent:
        raise NotYet(
            f"research does not take {len(lacks.absent)} readings; the household is kept until it does."
        )
    for doc_id, (reading, _) in mapped.items():
        if doc_id in lacks.differing:
            tally.not_kept[DIFFERENT] += 1
        else:
            tally.kept[reading.meter][_kind(reading)] += 1


def _batch(readings: Iterable[Measurement | Gap]) -> Sorted:
    batch = Sorted()
    for reading in readings:
        if isinstance(reading, Measurement):
            batch.measurements.append(reading)
        else:
            batch.gaps.append(reading)
    return batch


def _kind(reading: Measurement | Gap) -> str:
    return "measurement" if isinstance(reading, Measurement) else "gap"


def _chunks(docs: Iterator[Json]) -> Iterator[list[Json]]:
    while chunk := list(islice(docs, _CHUNK)):
        yield chunk

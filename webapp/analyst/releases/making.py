"""A version of a data set is made: read once, judged, described, recorded, and published in one step."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import pyarrow as pa

from couch.clock import Clock
from couch.documents import ConsentState, Context, utc
from couch.errors import Fault
from webapp.analyst.anonymity.quasi_identifiers import TABLES as DESCRIBING
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.anonymity.statement import check_regions, require
from webapp.analyst.export_anonymity import OF_READINGS
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_request import ExportRequest
from webapp.analyst.releases.checksums import size_and_sha256
from webapp.analyst.releases.data_files import DataFile, write_table
from webapp.analyst.releases.descriptor import FILE, Contents, describe, described_selection
from webapp.analyst.releases.record import ReleaseFile, ReleaseRecord
from webapp.analyst.releases.settings import DataSetSettings
from webapp.analyst.releases.store import ReleaseStore
from webapp.analyst.releases.texts import CITATION, README, citation, readme
from webapp.analyst.selection import Selection, TableName
from webapp.analyst.source import Source
from webapp.analyst.tables import chosen_households
from webapp.translation import gettext

OF_HOUSEHOLDS: tuple[TableName, ...] = ("context", "pv_systems", "meters")


@dataclass(frozen=True, slots=True)
class Made:
    """`fresh`: a version was published; else the newest one holds these very data, and stands."""

    record: ReleaseRecord
    fresh: bool


@dataclass(frozen=True, slots=True)
class Maker:
    """What making needs. `withdrawals` and `record` are those of the ledger of exports; all raise CouchError.

    `sequences`: how far each database that is read has come.
    """

    store: ReleaseStore
    source: Source
    settings: DataSetSettings
    clock: Clock
    sequences: Callable[[Selection], Mapping[str, str]]
    withdrawals: Callable[[], tuple[Withdrawn, ...]]
    record: Callable[[ExportRequest, str, tuple[str, ...]], None]


def make_release(
    maker: Maker,
    name: str,
    selection: Selection,
    *,
    progress: Callable[[TableName, int], None] = lambda _table, _rows: None,
) -> Made:
    """Publish the next version of `name`, unless the newest one holds the same data.

    `progress` hears which table is being written and its rows so far. Raises TooFewAlike, Fault, CouchError:
    then nothing was published.
    """
    with maker.store.making(name) as (number, folder):
        check_regions(selection.regions, maker.source.anonymity)
        _require_enough(maker.source, selection)
        created_from = dict(maker.sequences(selection))
        files, households = _readings(maker, folder, selection, progress)
        told_of = _told_of(selection, _chosen(maker.source, selection), households)
        anonymity = require(selection.tables, told_of, maker.source.anonymity, maker.source.region_of)
        files += _households(maker.source, folder, selection, told_of)
        newest = maker.store.newest(name)
        if newest is not None and _data(newest) == {(file.path, file.sha256) for file in files}:
            return Made(newest, fresh=False)
        before = next(iter(maker.store.versions(name)), None)
        withdrawals = maker.withdrawals()
        _refuse_erased(told_of, withdrawals)
        contents = Contents(
            name=name,
            version=number,
            at=utc(maker.clock.now()),
            selection=selection,
            files=tuple(sorted(files, key=lambda file: file.path)),
            households=tuple(context.household for context in told_of),
            anonymity=anonymity,
            withdrawals=withdrawals,
            before=() if before is None else before.withdrawals,
            created_from=created_from,
        )
        record = _with_texts(folder, contents, maker.settings, _unblurred(selection, told_of))
        for file in contents.files:
            if file.rows:
                request = ExportRequest(selection, file.format)
                maker.record(request, file.sha256, contents.households)
        maker.store.publish(record)
        return Made(record, fresh=True)


def _readings(
    maker: Maker, folder: Path, selection: Selection, progress: Callable[[TableName, int], None]
) -> tuple[list[DataFile], set[str]]:
    """The tables of readings written, and whose they are: that decides of whom the others tell."""
    files: list[DataFile] = []
    households: set[str] = set()
    for table in OF_READINGS:
        if table not in selection.tables:
            continue
        written = write_table(folder, table, selection, maker.source, partial(progress, table))
        files += written.files
        households |= written.households
    return files, households


def _chosen(source: Source, selection: Selection) -> list[Context]:
    households = chosen_households(selection, source)
    return [each for each in source.contexts() if households is None or each.household in households]


def _require_enough(source: Source, selection: Selection) -> None:
    """Refuse before the reading what can only become fewer by it. Raises TooFewAlike."""
    chosen = _chosen(source, selection)
    if len(chosen) < source.anonymity.threshold or not any(
        table in OF_READINGS for table in selection.tables
    ):
        require(selection.tables, chosen, source.anonymity, source.region_of)


def _told_of(selection: Selection, chosen: Sequence[Context], measured: set[str]) -> list[Context]:
    """The households that go out, by pseudonym: those with readings in it, where readings were asked for.

    One without a context (it is being erased) counts as one of which nothing is told.
    """
    if not any(table in OF_READINGS for table in selection.tables):
        return sorted(chosen, key=lambda each: each.household)
    known = {each.household: each for each in chosen}
    nothing = ConsentState.NOT_GRANTED
    return [known.get(each) or Context(household=each, consent=nothing) for each in sorted(measured)]


def _refuse_erased(told_of: Sequence[Context], withdrawals: Sequence[Withdrawn]) -> None:
    """Raises Fault where a household was erased while its readings were being written."""
    erased = {each.household for each in withdrawals if each.withdrawn == "erased"}
    if not erased.isdisjoint(context.household for context in told_of):
        raise Fault(gettext("a household was erased while the data set was made: make it once more"))


def _households(
    source: Source, folder: Path, selection: Selection, told_of: Sequence[Context]
) -> list[DataFile]:
    """The tables that tell of these households, written."""
    told, everybody = _OnlyThese(source, told_of), dataclasses.replace(selection, households=(), regions=())
    tables = [table for table in OF_HOUSEHOLDS if table in selection.tables]
    return [file for table in tables for file in write_table(folder, table, everybody, told).files]


class _OnlyThese:
    """A source whose contexts are these alone."""

    def __init__(self, source: Source, contexts: Sequence[Context]) -> None:
        self._source, self._contexts = source, contexts

    @property
    def anonymity(self) -> AnonymitySettings:
        return self._source.anonymity

    def contexts(self) -> Sequence[Context]:
        return self._contexts

    def region_of(self, latitude: float, longitude: float) -> str | None:
        return self._source.region_of(latitude, longitude)

    def measurements(
        self, start: datetime, end: datetime, households: frozenset[str] | None, after: str | None
    ) -> Iterator[pa.RecordBatch]:
        return self._source.measurements(start, end, households, after)

    def gaps(
        self, start: datetime, end: datetime, households: frozenset[str] | None
    ) -> Iterator[pa.RecordBatch]:
        return self._source.gaps(start, end, households)


def _unblurred(selection: Selection, told_of: Sequence[Context]) -> tuple[str, ...]:
    if not any(table in DESCRIBING for table in selection.tables):
        return ()
    return tuple(
        each.household for each in told_of if each.consent is ConsentState.GRANTED and not each.anonymized
    )


def _data(record: ReleaseRecord) -> set[tuple[str, str]]:
    return {(file.path, file.sha256) for file in record.files if file.path.startswith("data/")}


def _with_texts(
    folder: Path, contents: Contents, settings: DataSetSettings, unblurred: tuple[str, ...]
) -> ReleaseRecord:
    """The descriptor and the texts written beside the data; the record of all of it."""
    for name, content in (
        (FILE, describe(contents, settings)),
        (CITATION, citation(contents, settings)),
        (README, readme(contents, settings)),
    ):
        (folder / name).write_bytes(content)
    texts = []
    for name in (CITATION, README, FILE):
        size, sha256 = size_and_sha256(folder / name)
        texts.append(ReleaseFile(path=name, bytes=size, sha256=sha256))
    data = [ReleaseFile(path=each.path, bytes=each.bytes, sha256=each.sha256) for each in contents.files]
    return ReleaseRecord(
        name=contents.name,
        version=contents.version,
        published_at=contents.at,
        selection=described_selection(contents.selection),
        households=contents.households,
        unblurred=unblurred,
        k=contents.anonymity.k,
        threshold=contents.anonymity.threshold,
        withdrawals=contents.withdrawals,
        created_from=dict(contents.created_from),
        files=(*texts, *data),
    )

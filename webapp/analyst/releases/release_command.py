"""`survey export release`: a version of a data set, published from the command line."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import msgspec

from couch.clock import clock_from_environment
from couch.errors import Fault
from webapp.analyst.anonymity.regions import RegionOf, unknown_region
from webapp.analyst.export_services import ExportServices
from webapp.analyst.progress_bar import progress_bar
from webapp.analyst.releases.making import Made, make_release
from webapp.analyst.releases.record import check_name
from webapp.analyst.releases.start import maker
from webapp.analyst.releases.store import ReleaseStore
from webapp.analyst.releases.watch import ReleaseWatch
from webapp.analyst.selection import Selection, TableName
from webapp.settings import load_centre_web


class Summary(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    name: str
    version: int
    fresh: bool
    folder: str
    files: int
    bytes: int
    households: int
    k: int | None


def run(
    name: str,
    selection: Selection,
    config: Path,
    environ: Mapping[str, str],
    regions: Callable[[Path], RegionOf] | None = None,
) -> Summary:
    """Publish the next version of `name`. Raises Fault, CouchError: then nothing was published."""
    check_name(name)
    settings = load_centre_web(config, environ)
    connect = partial(settings.couchdb.server, timeout_s=settings.timeout_s)
    exports = ExportServices(
        kept_folder=settings.kept_folder,
        anonymity=settings.anonymity,
        region_of=regions(settings.geodata) if regions else unknown_region,
    )
    clock = clock_from_environment(dict(environ))
    store = ReleaseStore(settings.releases_folder)
    watch = ReleaseWatch(store, connect, clock)
    watch.look()
    with progress_bar(f"publishing {name}") as bar:
        made = make_release(
            maker(store, connect, clock, exports.source(connect), settings.data_set),
            name,
            selection,
            progress=_told(bar, selection),
        )
    if watch.look() and store.find(name, made.record.version) != made.record:
        raise Fault(
            f"a household withdrew while version {made.record.version} of {name} was made, so that was "
            "withdrawn at once: run the same command again"
        )
    return _summary(made, store)


def in_words(done: Summary) -> str:
    """A line for people."""
    if not done.fresh:
        return f"no new version of {done.name}: version {done.version} in {done.folder} holds the same data"
    return (
        f"{done.folder}: version {done.version} of {done.name}, {done.files} files ({done.bytes:,} bytes) of "
        f"{done.households} households, each like at least {done.k or 0}"
    )


def in_json(done: Summary) -> str:
    """A line for scripts."""
    return msgspec.json.encode(done).decode()


def _told(bar: Callable[[float, int], None], selection: Selection) -> Callable[[TableName, int], None]:
    """How many tables are done, as the bar shows it: nobody knows how many rows there will be."""
    before: dict[TableName, int] = {}

    def progress(table: TableName, rows: int) -> None:
        before[table] = rows
        bar((len(before) - 1) / max(len(selection.tables), 1), sum(before.values()))

    return progress


def _summary(made: Made, store: ReleaseStore) -> Summary:
    record = made.record
    return Summary(
        record.name,
        record.version,
        made.fresh,
        str(store.folder / record.name / str(record.version)),
        len(record.files),
        record.bytes,
        len(record.households),
        record.k,
    )

"""`survey export keep`: finished months as Parquet files beside the database."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from couch.clock import clock_from_environment
from couch.errors import Fault
from webapp.analyst.kept_months import KeptMonths
from webapp.analyst.kept_state import KeptState, month_name
from webapp.analyst.month_keeping import lacking_months, month_named, throw_away
from webapp.analyst.progress_bar import progress_bar
from webapp.settings import load_centre_web


class KeptNow(msgspec.Struct, frozen=True):
    """A month that was to be kept. None: it changed meanwhile, is gone, or another process builds it."""

    month: str
    rows: int | None
    bytes: int | None


class Done(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    kept: tuple[KeptNow, ...]
    deleted: tuple[str, ...]


def run(config: Path, environ: Mapping[str, str], months: Sequence[str] = ()) -> Done:
    """Keep what lacks, delete what an erasure touched. `months`: these alone. Raises Fault, CouchError."""
    settings = load_centre_web(config, environ)
    if settings.kept_folder is None:
        raise Fault(f'no months are kept: set `kept_folder` in {config}, for example kept_folder = "kept"')
    connect = partial(settings.couchdb.server, timeout_s=settings.timeout_s)
    kept = KeptMonths(settings.kept_folder)
    with connect() as server:
        stale = throw_away(kept, server)
        wanted = [_month(name) for name in months] or lacking_months(
            kept, server, clock_from_environment(dict(environ)).now(), settings.kept_after_days
        )
    found = []
    for month in wanted:
        with progress_bar(f"keeping {month_name(month)}") as bar:
            state = kept.build(connect, month, _telling(bar))
        name = month_name(month)
        found.append(KeptNow(name, state.rows, _size(state)) if state else KeptNow(name, None, None))
    return Done(tuple(found), stale.deleted)


def in_words(done: Done) -> str:
    """Lines for people."""
    lines = [f"{name}: deleted, something was erased from it" for name in done.deleted]
    for each in done.kept:
        lines.append(
            f"{each.month}: not kept; it is written to, built by another process, or not there"
            if each.rows is None
            else f"{each.month}: kept, {each.rows:,} rows ({each.bytes:,} bytes)"
        )
    return "\n".join(lines) or "all finished months are kept as they are"


def in_json(done: Done) -> str:
    """A line for scripts."""
    return msgspec.json.encode(done).decode()


def _size(state: KeptState) -> int:
    return state.measurements_bytes + state.gaps_bytes


def _month(name: str) -> datetime:
    try:
        return month_named(name)
    except ValueError:
        raise Fault(f"{name!r} is no month: give one such as 2026-01 (UTC)") from None


def _telling(bar: Callable[[float, int], None]) -> Callable[[datetime, int], None]:
    """Progress by slots as shares of a month of 31 days."""
    return lambda slot, rows: bar((slot.day - 1 + slot.hour / 24) / 31, rows)

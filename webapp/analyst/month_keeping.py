"""Which months are kept, built anew or deleted, by what the centre says of them now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from couch.client import Server
from couch.month_versions import month_version
from webapp.analyst.kept_months import KeptMonths
from webapp.analyst.kept_state import month_name
from webapp.analyst.research_source import erased_households

_ABSENT_IN_A_ROW = 12  # months without a database; before them nothing was measured


@dataclass(frozen=True, slots=True)
class Stale:
    """Kept months that are no longer what the database holds."""

    deleted: tuple[str, ...]  # something was purged from them, or their database is another
    outdated: tuple[str, ...]  # something came in since; exports read the database meanwhile


def throw_away(kept: KeptMonths, server: Server) -> Stale:
    """Delete at once what an erasure touched. Raises CouchError.

    An erasure purges the readings of a household, so that the count of what was purged moves; a withdrawal in
    `research` names its pseudonym besides.
    """
    deleted = kept.delete_households(erased_households(server))
    outdated = []
    for name in kept.names():
        state = kept.state(name)
        if state is None:
            continue  # being built; or left behind, and swept away
        version = month_version(server, month_named(name))
        if version is None or (version.instance, version.purge_seq) != (
            state.version.instance,
            state.version.purge_seq,
        ):
            if kept.delete(name):
                deleted.append(name)
        elif version != state.version:
            outdated.append(name)
    kept.sweep()
    return Stale(tuple(deleted), tuple(outdated))


def finished_months(
    server: Server, now: datetime, after_days: int, exists: Callable[[datetime], bool] | None = None
) -> Iterator[datetime]:
    """The months of research that ended more than `after_days` days ago, newest first."""
    known = exists or (lambda month: month_version(server, month) is not None)
    month = (
        (now - timedelta(days=after_days))
        .astimezone(UTC)
        .replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    )
    absent = 0
    while absent < _ABSENT_IN_A_ROW and month.year > 1970:
        month = (month - timedelta(days=1)).replace(day=1)
        if known(month):
            absent = 0
            yield month
        else:
            absent += 1


def lacking_months(kept: KeptMonths, server: Server, now: datetime, after_days: int) -> list[datetime]:
    """The finished months that are not kept as they are now, newest first. Raises CouchError."""
    found = []
    for month in finished_months(server, now, after_days):
        state = kept.state(month_name(month))
        if state is None or state.version != month_version(server, month):
            found.append(month)
    return found


def month_named(name: str) -> datetime:
    """The first moment of `2026-01`. Raises ValueError."""
    return datetime.strptime(name, "%Y-%m").replace(tzinfo=UTC)

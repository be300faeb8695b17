"""What somebody wants exported, checked before anything is read or written."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal, TypeVar, get_args

from couch.client import Server
from couch.clock import from_rfc3339, to_rfc3339
from couch.errors import Fault, NotFound
from couch.names import RESEARCH
from webapp.analyst.selection import QUALITIES, Selection, TableName
from webapp.translation import gettext

Format = Literal["ndjson", "json", "csv", "parquet"]
FORMATS: tuple[Format, ...] = ("ndjson", "json", "csv", "parquet")
TABLE_NAMES: tuple[TableName, ...] = get_args(TableName)
_PSEUDONYM = re.compile(r"[0-9a-f]{32}")
_REGION = re.compile(r"[A-Z]{2}[0-9A-Z]{0,3}")
_BETWEEN = re.compile(r"[\s,;]+")
N = TypeVar("N", bound=str)
T = TypeVar("T")


class BadWish(Fault):
    """What was asked for makes no sense; `faults`: what is wrong, by field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = dict(faults)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A selection and the format of its files."""

    selection: Selection
    format: Format

    @property
    def start_at(self) -> datetime:
        return self.selection.start_at

    @property
    def end_at(self) -> datetime:
        return self.selection.end_at

    @property
    def first(self) -> str:
        """The beginning as people give it: a day, or an instant inside one."""
        return _in_short(self.start_at)

    @property
    def end(self) -> str:
        """The end as people give it."""
        return _in_short(self.end_at)

    def about(self) -> dict[str, Any]:
        """What was asked for, as it stands in packages: equal for equal exports."""
        chosen = self.selection
        return {
            "from": self.first,
            "to": self.end,
            "households": sorted(chosen.households),
            "regions": sorted(chosen.regions),
            "quality": [each for each in QUALITIES if each in chosen.quality],
            "tables": [each for each in TABLE_NAMES if each in chosen.tables],
            "format": self.format,
        }


def parse_request(
    first: str,
    end: str,
    household: str | Sequence[str] | None,
    wanted: str,
    *,
    regions: str | Sequence[str] = (),
    quality: Iterable[str] = (),
    tables: Iterable[str] = ("measurements",),
) -> ExportRequest:
    """A request from what people typed: days, or instants such as 2026-01-31T06:00:00Z.

    `household` and `regions`: one or several, also in one text with blanks or commas between them.
    Raises BadWish with all that is wrong.
    """
    faults: dict[str, str] = {}

    def took(field: str, value: Callable[[], T]) -> T | None:
        try:
            return value()
        except Fault as err:
            faults[field] = str(err)
            return None

    start, stop = took("from", lambda: _moment("from", first)), took("to", lambda: _moment("to", end))
    if start and stop:
        took("to", lambda: _in_order(start, stop))
    households = took("household", lambda: _pseudonyms(household or ()))
    codes = took("region", lambda: _regions(regions))
    quality_unknown = gettext("the quality %(name)s is unknown: choose of %(known)s")
    qualities = took("quality", lambda: _known(quality, QUALITIES, quality_unknown))
    table_unknown = gettext("the table %(name)s is unknown: choose of %(known)s")
    chosen = took("table", lambda: _known(tables, TABLE_NAMES, table_unknown))
    if chosen == ():
        faults["table"] = gettext("no table is chosen: choose at least one")
    format_unknown = gettext("the format %(name)s is unknown: choose one of %(known)s")
    formats = took("format", lambda: _known([wanted.strip() or "-"], FORMATS, format_unknown))
    if faults or not (start and stop and formats):
        raise BadWish(faults)
    selection = Selection(
        start_at=start,
        end_at=stop,
        households=households or (),
        regions=codes or (),
        quality=qualities or (),
        tables=chosen or (),
    )
    return ExportRequest(selection, formats[0])


def check_household(server: Server, request: ExportRequest) -> None:
    """Make sure that research can be read, and knows the households.

    Raises Fault for an unknown household or a server without research, AccessDenied, Unreachable.
    """
    research = server.database(RESEARCH)
    try:
        research.info()
        unknown = [name for name in request.selection.households if research.find(f"context:{name}") is None]
    except NotFound as err:
        raise Fault(
            gettext(
                "the CouchDB at %(url)s holds no database `%(name)s`: "
                "check the address, or set the centre up with `survey centre init`",
                url=server.url,
                name=RESEARCH,
            )
        ) from err
    if unknown:
        words = gettext(
            "no household has the pseudonym %(name)s: "
            "leave the household out to export all, and take one from the column `household`",
            name=unknown[0],
        )
        raise BadWish({"household": words})


def _in_order(start: datetime, stop: datetime) -> None:
    if start > stop:
        raise Fault(
            gettext(
                "the export ends on %(stop)s, before it begins on %(start)s: exchange the two days",
                start=_in_short(start),
                stop=_in_short(stop),
            )
        )
    if start == stop:
        raise Fault(
            gettext(
                "the export from %(start)s to %(stop)s holds no day: `to` is the day after the last one, "
                "so give a later one",
                start=_in_short(start),
                stop=_in_short(stop),
            )
        )


def _pseudonyms(given: str | Sequence[str]) -> tuple[str, ...]:
    names = _several(given)
    for name in names:
        if not _PSEUDONYM.fullmatch(name):
            raise Fault(
                gettext(
                    "the household %(name)s is no pseudonym: it has 32 digits from 0-9 and a-f, "
                    "as in the column `household` of an export of all households",
                    name=repr(name),
                )
            )
    return names


def _regions(given: str | Sequence[str]) -> tuple[str, ...]:
    names = _several(given)
    for name in names:
        if not _REGION.fullmatch(name):
            raise Fault(
                gettext(
                    "the region %(name)s is no code: take a NUTS code or its beginning, such as DE212 or DE2",
                    name=repr(name),
                )
            )
    return names


def _several(given: str | Sequence[str]) -> tuple[str, ...]:
    """Each once, in their order."""
    texts = [given] if isinstance(given, str) else given
    return tuple(dict.fromkeys(part for text in texts for part in _BETWEEN.split(text) if part))


def _known(given: Iterable[str], known: Sequence[N], fault: str) -> tuple[N, ...]:
    """Those of `known` that are given, in the order of `known`. Raises Fault with the first other one."""
    names = _several(list(given))
    for name in names:
        if name not in known:
            raise Fault(fault % {"name": repr(name), "known": ", ".join(known)})
    return tuple(each for each in known if each in names)


def _moment(name: str, text: str) -> datetime:
    text = text.strip()
    try:
        if "T" in text:
            return from_rfc3339(text)
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise Fault(
            gettext(
                "`%(name)s` is %(text)s: it takes a day such as 2026-01-31, "
                "or an instant in UTC such as 2026-01-31T06:00:00Z",
                name=name,
                text=repr(text),
            )
        ) from None


def _in_short(moment: datetime) -> str:
    return str(moment.date()) if moment.time() == time() else to_rfc3339(moment)

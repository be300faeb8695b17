"""Figures of research over many households: what its views count, for the researchers' charts.

Everything is a range or a reduction of one month's views; nothing here reads a single measurement. Days are
UTC days, quarters of an hour those of Germany's local day (see the views).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from couch.client import Database, Server
from couch.documents import Context
from couch.errors import BadDocument, NotFound
from couch.names import RESEARCH, month_database
from couch.research import DESIGN

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class PowerCell:
    """What a meter showed in a quarter of the local day in a month: `count` slots, `sum_w` of their power."""

    household: str
    meter: str
    weekend: bool
    quarter: int  # 0 to 95
    direction: Direction
    count: int
    sum_w: float


def slots_of_day(server: Server, day: date) -> Iterator[tuple[str, int]]:
    """Household and its stored slots of a UTC day, all its meters together; nothing where no month is."""
    text = day.isoformat()
    try:
        for row in _month(server, day).view(
            DESIGN, "slots_by_day_household", group=True, start_key=[text], end_key=[text, {}]
        ):
            yield row.key[1], row.value
    except NotFound:
        return


def slots_of_households(server: Server, month: date, households: Sequence[str]) -> dict[str, dict[date, int]]:
    """Stored slots by household and UTC day of a month, all meters together, of `households` in a row.

    They are read as one range, so they should stand side by side in the order of pseudonyms.
    """
    found: dict[str, dict[date, int]] = {one: {} for one in households}
    if not households:
        return found
    try:
        for row in _month(server, month).view(
            DESIGN,
            "slots_by_household_day",
            group_level=2,
            start_key=[min(households)],
            end_key=[max(households), {}],
        ):
            household, text = row.key
            if household in found:
                found[household][date.fromisoformat(text)] = row.value
    except NotFound:
        pass
    return found


def power_cells(server: Server, month: date, household: str | None = None) -> Iterator[PowerCell]:
    """The power of a month by household, meter and quarter of the local day, in that order."""
    try:
        for row in _month(server, month).view(
            DESIGN, "power_by_household_quarter", group=True, **_below(household)
        ):
            pseudonym, meter, weekend, quarter, direction = row.key
            yield PowerCell(
                pseudonym, meter, bool(weekend), quarter, direction, row.value["count"], row.value["sum"]
            )
    except NotFound:
        return


def contexts(server: Server) -> Iterator[Context]:
    """What research knows of every household; a context that breaks its model is passed over."""
    for doc in server.database(RESEARCH).documents(start="context:", end="context;"):
        try:
            yield Context.from_json(doc)
        except BadDocument:
            continue


def _month(server: Server, day: date) -> Database:
    return server.database(month_database(datetime(day.year, day.month, 1, tzinfo=UTC)))


def _below(household: str | None) -> dict[str, Any]:
    return {} if household is None else {"start_key": [household], "end_key": [household, {}]}

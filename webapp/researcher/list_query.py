"""What the address of the list of households says: order, place, filters. Pure, both ways.

No address holds a person's name: a place is a household's uuid, and names are looked for by a form.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from couch.documents import ConsentState
from couch.documents.fields import UUID_PATTERN
from webapp.researcher.columns import COLUMNS, FIRST, Column

_UUID = re.compile(UUID_PATTERN)
_STATES = frozenset(state.value for state in ConsentState)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which households are listed; every one that is set must hold."""

    consent: str = ""  # a ConsentState, "": any
    late: bool = False  # nothing newer than two hours, though consent is granted
    without_device: bool = False
    refused: bool = False  # the centre refused documents of one of its devices
    erased: str = ""  # "yes": these alone; "no": without them; "": both
    city: str = ""  # a part of its name, case and umlauts aside
    below: int | None = None  # percent of the slots of the last days

    @property
    def any(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True)
class ListQuery:
    """One state of the list. `after`, `before`: the household next to the page; neither: the first page."""

    column: Column = FIRST
    descending: bool = False
    after: str | None = None
    before: str | None = None
    filters: Filters = field(default_factory=Filters)

    def sorted_by(self, name: str) -> "ListQuery":
        """The first page by this column; the other way round where it is the column already."""
        again = self.column.name == name
        return ListQuery(COLUMNS[name], not self.descending if again else False, filters=self.filters)

    def at(self, *, after: str | None = None, before: str | None = None) -> "ListQuery":
        return replace(self, after=after, before=before)

    def arguments(self) -> dict[str, str]:
        """What `url_for` needs, without what is as usual."""
        found = {
            name: "yes" if value is True else str(value)
            for name, value in asdict(self.filters).items()
            if value
        }
        if self.column is not FIRST:
            found["sort"] = self.column.name
        if self.descending:
            found["order"] = "down"
        for name, place in (("after", self.after), ("before", self.before)):
            if place is not None:
                found[name] = place
        return found


def parse_query(arguments: Mapping[str, str]) -> ListQuery:
    """The state that an address asks for; what cannot be understood is left out."""
    place = {
        name: arguments[name] for name in ("after", "before") if _UUID.fullmatch(arguments.get(name, ""))
    }
    return ListQuery(
        COLUMNS.get(arguments.get("sort", ""), FIRST),
        arguments.get("order") == "down",
        place.get("after"),
        None if "after" in place else place.get("before"),
        _filters(arguments),
    )


def _filters(arguments: Mapping[str, str]) -> Filters:
    consent, erased, below = (arguments.get(name, "") for name in ("consent", "erased", "below"))
    return Filters(
        consent=consent if consent in _STATES else "",
        late=arguments.get("late") == "yes",
        without_device=arguments.get("without_device") == "yes",
        refused=arguments.get("refused") == "yes",
        erased=erased if erased in ("yes", "no") else "",
        city=arguments.get("city", "").strip()[:100],
        below=int(below) if below.isascii() and below.isdigit() and 0 < int(below) <= 100 else None,
    )

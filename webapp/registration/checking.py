"""What looks wrong but may be right: told once, beside the field; sent again it is taken.

Also where the position comes from: typed, or the middle of the postal code's area.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from webapp.registration.entries import Entries, Position
from webapp.registration.geodata import Place
from webapp.registration.trouble import Trouble
from webapp.registration.typed import name_of
from webapp.translation import marked

_SAME_DEG = 1e-4  # ten metres: a position that was proposed and left as it was


@dataclass(frozen=True, slots=True)
class Checked:
    """The entries with their position, and what looks wrong, by the name of the field."""

    entries: Entries
    doubts: Mapping[str, Trouble]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What is asked. `region_at` None: no map was imported, so nothing is said about regions."""

    places: Callable[[str], Sequence[Place]]
    table_known: bool
    region_at: Callable[[float, float], str | None] | None
    today: date
    households_of: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by email in lower case

    def check(self, entries: Entries, *, use_place: bool, household: str) -> Checked:
        """`use_place`: take the middle of the postal code's area where no position was typed.

        `household`: whose entries these are, or will be.
        """
        places = self.places(entries.address.postal_code)
        middle = middle_of(places, entries.address.city)
        position = entries.position
        if position is None:
            position = middle if use_place else None
        elif middle is not None and _same(position, middle):
            position = replace(position, source="geocoded")
        doubts = {
            **self._postal_code(entries, places),
            **self._position(position),
            **self._dates(entries),
            **self._email(entries, household),
        }
        return Checked(replace(entries, position=position), doubts)

    def _email(self, entries: Entries, household: str) -> dict[str, Trouble]:
        if self.households_of.get(entries.contact.email.casefold(), frozenset()) <= {household}:
            return {}
        return {"email": Trouble(marked("Another household is registered with this email address."))}

    def _postal_code(self, entries: Entries, places: Sequence[Place]) -> dict[str, Trouble]:
        if not self.table_known:
            return {}
        code, city = entries.address.postal_code, entries.address.city
        if not places:
            text = marked("The table of postal codes does not know %(code)s.")
            return {"postal_code": Trouble(text, {"code": code})}
        if any(_same_place(place.place, city) for place in places):
            return {}
        text = marked("%(code)s belongs to %(places)s, not to %(city)s.")
        return {"city": Trouble(text, {"code": code, "places": _listed(places), "city": city})}

    def _position(self, position: Position | None) -> dict[str, Trouble]:
        if position is None or self.region_at is None:
            return {}
        if self.region_at(position.latitude, position.longitude) is not None:
            return {}
        return {
            "latitude": Trouble(
                marked(
                    "This position lies in no region of the imported map. With it the household cannot be "
                    "anonymized when its consent is revoked."
                )
            )
        }

    def _dates(self, entries: Entries) -> dict[str, Trouble]:
        return {
            name_of("systems", system.key, "installed"): Trouble(marked("This day has not come yet."))
            for system in entries.systems
            if system.installed_on > self.today
        }


def middle_of(places: Sequence[Place], city: str) -> Position | None:
    """The middle of the places with one postal code; of those called as the city, where there are any."""
    named = [place for place in places if _same_place(place.place, city)] or list(places)
    if not named:
        return None
    return Position(
        round(sum(place.latitude for place in named) / len(named), 5),
        round(sum(place.longitude for place in named) / len(named), 5),
        "geocoded",
    )


def mark_of(doubts: Mapping[str, Trouble]) -> str:
    """A mark of just these doubts: sent back with the form it says that they were seen. Empty: none."""
    if not doubts:
        return ""
    said = "\n".join(
        f"{name} {each.text} {sorted(each.values.items())}" for name, each in sorted(doubts.items())
    )
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _same(position: Position, other: Position) -> bool:
    return (
        abs(position.latitude - other.latitude) < _SAME_DEG
        and abs(position.longitude - other.longitude) < _SAME_DEG
    )


def _same_place(name: str, city: str) -> bool:
    """ "Halle (Saale)" is "Halle", "Frankfurt am Main" is "Frankfurt"."""
    one, other = (_words(text) for text in (name, city))
    return bool(one) and bool(other) and (one[: len(other)] == other or other[: len(one)] == one)


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()


def _listed(places: Iterable[Place]) -> str:
    names = list(dict.fromkeys(place.place for place in places))
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")

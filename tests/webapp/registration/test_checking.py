"""What looks wrong is told once; where the position comes from."""

from datetime import date
from typing import Any

import pytest
from registration_fakes import KIEL, FakePlace, FakePlaces, FakeRegions

from webapp.registration.checking import Checking, mark_of, middle_of
from webapp.registration.entries import Entries, Position, parse
from webapp.registration.typed import Row, Typed

HOME = "5f000000-0000-4000-8000-00000000bbbb"
FACTS = {
    "name": "Ada",
    "email": "Ada@example.org",
    "street": "Weg",
    "postal_code": "24103",
    "city": "kiel",
    "children": "0",
    "adults": "1",
    "adults_with_job": "1",
}


def entries(**facts: str) -> Entries:
    system = Row("1", {"power": "1", "azimuth": "1", "tilt": "1", "installed": "2027-01-01"})
    found = parse(Typed(facts={**FACTS, **facts}, systems=(system,))).entries
    assert found is not None
    return found


def checking(**more: Any) -> Checking:
    known = {
        "places": FakePlaces().places,
        "table_known": True,
        "region_at": FakeRegions().region_at,
        "today": date(2030, 1, 1),
        **more,
    }
    return Checking(**known)


def check(found: Entries, *, use_place: bool = True, **more: Any) -> Any:
    return checking(**more).check(found, use_place=use_place, household=HOME)


def test_without_a_position_the_middle_of_the_postal_code_is_taken_if_wished() -> None:
    assert check(entries()).entries.position == Position(KIEL.latitude, KIEL.longitude, "geocoded")
    assert check(entries(), use_place=False).entries.position is None
    assert check(entries(postal_code="99999")).entries.position is None


def test_a_typed_position_is_manual_unless_it_is_the_proposed_one() -> None:
    typed = check(entries(latitude="54.3", longitude="10.1")).entries.position
    assert typed == Position(54.3, 10.1, "manual")
    proposed = check(entries(latitude="54.3233", longitude="10.1228")).entries.position
    assert proposed is not None
    assert proposed.source == "geocoded"


@pytest.mark.parametrize(
    ("facts", "field", "words"),
    [
        ({"city": "Köln"}, "city", "24103 belongs to Kiel, not to Köln"),
        ({"postal_code": "99999"}, "postal_code", "does not know 99999"),
        ({"latitude": "10", "longitude": "10"}, "latitude", "in no region"),
    ],
)
def test_what_looks_wrong_is_told_beside_its_field(facts: dict[str, str], field: str, words: str) -> None:
    doubts = check(entries(**facts), use_place=False).doubts
    assert list(doubts) == [field]
    assert words in doubts[field].in_words()


def test_a_day_to_come_and_an_email_of_another_household_are_doubtful() -> None:
    found = check(entries(), today=date(2026, 6, 30), households_of={"ada@example.org": frozenset({"other"})})
    assert set(found.doubts) == {"email", "systems-1-installed"}
    own = check(entries(), households_of={"ada@example.org": frozenset({HOME})})
    assert own.doubts == {}


@pytest.mark.parametrize("city", ["Kiel", "KIEL", "Kiel (Holstein)", "Kiel-Mitte"])
def test_places_are_the_same_whatever_stands_behind_their_name(city: str) -> None:
    assert check(entries(city=city)).doubts == {}


def test_without_table_and_map_nothing_is_doubted() -> None:
    wrong = entries(city="Köln", latitude="1", longitude="1")
    assert check(wrong, table_known=False, region_at=None).doubts == {}


def test_the_middle_is_that_of_the_places_called_as_the_city() -> None:
    places = [KIEL, FakePlace("24103", "Altenholz", 55.0, 11.0)]
    assert middle_of(places, "Kiel") == Position(54.3233, 10.1228, "geocoded")
    assert middle_of(places, "Elsewhere") == Position(54.66165, 10.5614, "geocoded")
    assert middle_of([], "Kiel") is None


def test_the_mark_is_that_of_just_these_doubts() -> None:
    one, other = (check(entries(city=city)).doubts for city in ("Köln", "Bonn"))
    assert mark_of({}) == ""
    assert mark_of(one) == mark_of(dict(one)) != mark_of(other)

"""What the statement says of each attribute: named where it goes out, and only there."""

import pytest

from webapp.analyst.anonymity.quasi_identifiers import QuasiIdentifier, quasi_identifiers
from webapp.analyst.anonymity.settings import AnonymitySettings


def _told(settings: AnonymitySettings, name: str) -> list[QuasiIdentifier]:
    return [each for each in quasi_identifiers(settings, ["context"]) if each.name == name]


def test_exact_persons_name_children_adults_and_those_with_a_job() -> None:
    columns = ("context.children", "context.adults", "context.adults_with_job")
    assert _told(AnonymitySettings(persons="exact"), "persons") == [
        QuasiIdentifier("persons", columns, "their numbers")
    ]


def test_classes_of_persons_name_their_own_column_alone() -> None:
    assert _told(AnonymitySettings(persons="classes"), "persons") == [
        QuasiIdentifier("persons", ("context.persons",), "1, 2, 3-4, 5 and more")
    ]


def test_persons_that_do_not_go_out_are_not_named() -> None:
    assert _told(AnonymitySettings(persons="none"), "persons") == []


@pytest.mark.parametrize(
    ("systems", "words"),
    [
        ("each", "one row for each of a household's systems"),
        ("together", "all systems of a household in one row, described by the largest"),
    ],
)
def test_it_is_said_whether_a_household_s_systems_go_out_one_by_one(systems: str, words: str) -> None:
    settings = AnonymitySettings(systems=systems)  # type: ignore[arg-type]
    assert _told(settings, "systems") == [QuasiIdentifier("systems", ("pv_systems",), words)]

"""What is said of an export's anonymity, and which exports are refused."""

import msgspec
import pytest

from couch.documents import ConsentState, Context, ContextLocation, Metadata
from couch.errors import Fault
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.anonymity.statement import TooFewAlike, check_regions, require, stated, told

SETTINGS = AnonymitySettings(threshold=3, region_letters=5, persons="classes")


def _region(latitude: float, _longitude: float) -> str | None:
    return "DE111" if latitude < 50 else "DE112"


def household(number: int, latitude: float = 49.0, adults: int = 2) -> Context:
    return Context(
        household=f"{number:032x}",
        consent=ConsentState.GRANTED,
        location=ContextLocation(latitude=latitude, longitude=8.0, anonymized=False),
        metadata=Metadata(
            children=0,
            adults=adults,
            adults_with_job=1,
            ev_charger=False,
            heat_pump=False,
            home_battery=False,
        ),
    )


def test_an_export_without_descriptions_holds_as_many_alike_as_households() -> None:
    found = stated(("measurements", "meters"), [household(n) for n in range(4)], SETTINGS, _region)
    assert (found.k, found.quasi_identifiers, found.enough) == (4, (), True)


def test_an_export_of_one_household_is_refused() -> None:
    with pytest.raises(TooFewAlike, match="holds 1 household") as caught:
        require(("measurements",), [household(1)], SETTINGS, _region)
    assert household(1).household not in str(caught.value)


def test_those_with_readings_are_to_be_alike_among_themselves() -> None:
    contexts = [household(n) for n in range(6)]
    assert stated(("context", "measurements"), contexts, SETTINGS, _region).k == 6
    measured = {contexts[0].household, contexts[1].household}
    found = stated(("context", "measurements"), contexts, SETTINGS, _region, measured)
    assert (found.k, found.likeness.households, found.enough) == (2, 2, False)


def test_a_selected_region_is_no_finer_than_what_is_told() -> None:
    check_regions(["DE1", "DE"], AnonymitySettings())
    check_regions(["DE123"], AnonymitySettings(threshold=1))
    with pytest.raises(Fault, match="DE123 is finer"):
        check_regions(["DE1", "DE123"], AnonymitySettings())


def test_an_export_of_nobody_is_none_to_be_refused() -> None:
    assert require(("context",), [], SETTINGS, _region).k is None


def test_the_refusal_says_how_many_could_be_recognized_and_which_classes_would_do() -> None:
    contexts = [*(household(n) for n in range(3)), household(3, latitude=51.0)]
    with pytest.raises(
        TooFewAlike, match=r"^1 household of 4 .*k is 1.*region_letters = 4 would do"
    ) as caught:
        require(("context", "measurements"), contexts, SETTINGS, _region)
    assert "0" * 20 not in str(caught.value)  # no pseudonym


def test_a_threshold_of_one_lets_everything_out_and_the_package_says_so() -> None:
    found = require(("context",), [household(1)], SETTINGS.at_threshold(1), _region)
    assert (found.described()["k"], found.described()["threshold"]) == (1, 1)


def test_of_those_like_too_few_nothing_is_told_where_the_settings_say_blank() -> None:
    blank = msgspec.structs.replace(SETTINGS, too_few="blank")
    contexts = [*(household(n) for n in range(6)), *(household(9 + n, latitude=51.0) for n in range(4))]
    contexts += [household(20, adults=1), household(21, latitude=51.0, adults=5), household(22, adults=7)]
    found = require(("context",), contexts, blank, _region)
    assert (found.k, found.blank) == (3, 3)
    assert [each.region for each in told(contexts, blank, _region)][-3:] == [None, None, None]


def test_the_package_names_the_columns_and_their_coarseness() -> None:
    described = stated(("context",), [household(1)], SETTINGS, _region).described()
    region = next(each for each in described["quasi_identifiers"] if each["name"] == "region")
    assert region["columns"] == ["context.region"]
    assert "5 characters" in region["coarseness"]
    assert "unknown" not in region["coarseness"]


def test_the_package_says_where_no_region_is_known() -> None:
    described = stated(("context",), [household(1)], SETTINGS, lambda _north, _east: None).described()
    region = next(each for each in described["quasi_identifiers"] if each["name"] == "region")
    assert "no geodata is imported" in region["coarseness"]


def test_exact_places_make_nobody_alike() -> None:
    exact = msgspec.structs.replace(SETTINGS, exact_locations=True)
    contexts = [household(n, latitude=49 + n / 1000) for n in range(5)]
    assert stated(("context",), contexts, exact, _region).k == 1
    assert stated(("context",), contexts, SETTINGS, _region).k == 5


def test_edges_that_do_not_rise_are_no_settings() -> None:
    with pytest.raises(ValueError, match="must rise"):
        AnonymitySettings(power_edges_kw=(10.0, 5.0))

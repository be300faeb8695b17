"""How many households are alike: over made-up households, whatever they are like."""

from collections import Counter
from datetime import date
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from couch.documents import ConsentState, Context, ContextLocation, ContextPvSystem, Metadata
from webapp.analyst.anonymity.advice import advised, coarser
from webapp.analyst.anonymity.generalised import (
    General,
    azimuth_class,
    generalise,
    persons_class,
    power_class,
    tilt_class,
    year_class,
)
from webapp.analyst.anonymity.likeness import blanked, likeness
from webapp.analyst.anonymity.settings import AnonymitySettings

_CODES = ("DE111", "DE112", "DE12A", "DEF01", None)
_FEW_EXAMPLES = settings(max_examples=15, deadline=None)


def region_of(latitude: float, _longitude: float) -> str | None:
    return _CODES[int(latitude) % len(_CODES)]


def systems() -> st.SearchStrategy[ContextPvSystem]:
    return st.builds(
        ContextPvSystem,
        pv_system=st.sampled_from(["a" * 32, "b" * 32]),
        nominal_power_kw=st.sampled_from([0.6, 4.99, 5.0, 9.9, 10.0, 10.01, 30.0, 99.0]),
        azimuth_deg=st.none() | st.floats(0, 360),
        tilt_deg=st.none() | st.floats(0, 90),
        installed_on=st.dates(date(1995, 1, 1), date(2026, 1, 1)),
    )


@st.composite
def contexts(draw: st.DrawFn) -> list[Context]:
    made = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "location": st.none()
                    | st.builds(
                        ContextLocation,
                        latitude=st.floats(47, 55),
                        longitude=st.floats(6, 15),
                        anonymized=st.booleans(),
                    ),
                    "pv_systems": st.lists(systems(), max_size=2).map(tuple),
                    "metadata": st.none()
                    | st.builds(
                        Metadata,
                        children=st.integers(0, 4),
                        adults=st.integers(1, 3),
                        adults_with_job=st.integers(0, 3),
                        ev_charger=st.booleans(),
                        heat_pump=st.booleans(),
                        home_battery=st.booleans(),
                    ),
                }
            ),
            min_size=1,
            max_size=30,
        )
    )
    return [
        Context(household=f"{place:032x}", consent=ConsentState.GRANTED, **facts)
        for place, facts in enumerate(made)
    ]


def all_settings() -> st.SearchStrategy[AnonymitySettings]:
    return st.builds(
        AnonymitySettings,
        threshold=st.integers(1, 6),
        region_letters=st.sampled_from([0, 2, 3, 4, 5]),
        power_edges_kw=st.sampled_from([(), (10.0,), (5.0, 10.0, 30.0), (1.0, 2.0, 5.0, 10.0)]),
        azimuth_step_deg=st.sampled_from([0, 2, 10, 30, 90]),
        tilt_step_deg=st.sampled_from([0, 5, 15, 45]),
        year_step=st.sampled_from([0, 1, 5, 10, 20]),
        systems=st.sampled_from(["each", "together"]),
        persons=st.sampled_from(["exact", "classes", "none"]),
        equipment=st.sampled_from([(), ("heat_pump",), ("ev_charger", "heat_pump", "home_battery")]),
        exact_locations=st.booleans(),
        exact_systems=st.booleans(),
    )


def _told(found: list[Context], how: AnonymitySettings) -> list[Any]:
    return [generalise(context, how, region_of) for context in found]


@_FEW_EXAMPLES
@given(contexts(), all_settings())
def test_k_is_the_size_of_the_smallest_class(found: list[Context], how: AnonymitySettings) -> None:
    told = _told(found, how)
    sizes = Counter(each.traits for each in told)
    result = likeness(told, how.threshold)
    assert result.k == min(sizes.values())
    assert result.households == len(found)
    assert set(result.few) == {each.household for each in told if sizes[each.traits] < how.threshold}


@_FEW_EXAMPLES
@given(contexts(), all_settings())
def test_coarser_settings_never_make_fewer_households_alike(
    found: list[Context], how: AnonymitySettings
) -> None:
    before = _told(found, how)
    for step in coarser(how):
        after = _told(found, step)
        assert likeness(after, 5).k >= likeness(before, 5).k  # type: ignore[operator]
        # Classes are never split: who was alike stays alike.
        assert len({(a.traits, b.traits) for a, b in zip(before, after, strict=True)}) == len(
            {each.traits for each in before}
        )


@_FEW_EXAMPLES
@given(contexts(), all_settings())
def test_advice_reaches_the_threshold_and_is_given_wherever_there_are_enough_households(
    found: list[Context], how: AnonymitySettings
) -> None:
    advice = advised(found, how, region_of)
    if advice is None:
        nothing = msgspec.structs.replace(
            how,
            region_letters=0,
            power_edges_kw=(),
            azimuth_step_deg=0,
            tilt_step_deg=0,
            year_step=0,
            persons="none",
            equipment=(),
            exact_locations=False,
            exact_systems=False,
        )
        assert (likeness(_told(found, nothing), 1).k or 0) < how.threshold
    else:
        assert (likeness(_told(found, advice), 1).k or 0) >= how.threshold


@_FEW_EXAMPLES
@given(contexts(), all_settings())
def test_whoever_is_left_after_blanking_is_like_enough_others(
    found: list[Context], how: AnonymitySettings
) -> None:
    told = _told(found, how)
    left = blanked(told, how.threshold)
    assert [each.household for each in left] == [each.household for each in told]
    assert likeness(left, 1).k >= min(how.threshold, len(found))  # type: ignore[operator]
    if (likeness(told, 1).k or 0) >= how.threshold:
        assert list(left) == told


def test_a_class_that_joins_those_of_whom_nothing_is_told_is_one_that_was_told_of() -> None:
    few = [General(f"{place:032x}", region="DE1") for place in range(2)]
    enough = [General(f"{place:032x}", region="DE2") for place in range(2, 5)]
    assert blanked([*few, *enough], 3) == tuple(General(f"{place:032x}") for place in range(5))


def test_where_enough_are_told_nothing_of_already_nobody_joins_them() -> None:
    nothing = [General(f"{place:032x}") for place in range(3)]
    few, enough = General("a" * 32, region="DE1"), [General(each * 32, region="DE2") for each in "bcd"]
    assert blanked([*nothing, few, *enough], 3) == (*nothing, General("a" * 32), *enough)


def test_households_whose_systems_differ_only_in_their_order_are_alike() -> None:
    one, other = (
        ContextPvSystem(
            pv_system=name * 32,
            nominal_power_kw=power,
            azimuth_deg=180.0,
            tilt_deg=30.0,
            installed_on=date(2015, 5, 1),
        )
        for name, power in (("a", 6.0), ("b", 12.0))
    )
    there, back = (
        generalise(
            Context(household=household * 32, consent=ConsentState.GRANTED, pv_systems=pv_systems),
            AnonymitySettings(systems="each"),
            region_of,
        )
        for household, pv_systems in (("c", (one, other)), ("d", (other, one)))
    )
    assert [len(each.systems) for each in (there, back)] == [2, 2]
    assert there.systems[0].traits != there.systems[1].traits
    assert there.traits == back.traits


def test_nothing_goes_out_of_nobody() -> None:
    assert likeness([], 5).k is None


def test_powers_on_an_edge_belong_below_it() -> None:
    edges = (5.0, 10.0)
    assert [power_class(kw, edges) for kw in (0.6, 5.0, 5.1, 10.0, 10.1)] == [
        (0.0, 5.0),
        (0.0, 5.0),
        (5.0, 10.0),
        (5.0, 10.0),
        (10.0, None),
    ]


def test_sectors_lie_around_the_points_of_the_compass() -> None:
    assert [azimuth_class(degrees, 90) for degrees in (0, 44.9, 45, 180, 314, 316, 360)] == [
        0,
        0,
        90,
        180,
        270,
        0,
        0,
    ]


def test_an_upright_system_belongs_to_the_last_class() -> None:
    assert [tilt_class(degrees, 45) for degrees in (0, 44, 45, 90)] == [22.5, 22.5, 67.5, 67.5]


def test_years_and_persons_fall_into_their_classes() -> None:
    assert year_class(date(2019, 7, 3), 10) == date(2010, 1, 1)
    assert year_class(date(2019, 7, 3), 1) == date(2019, 1, 1)
    assert [persons_class(count) for count in (1, 2, 3, 4, 5, 9)] == ["1", "2", "3-4", "3-4", "5+", "5+"]


def test_systems_taken_together_are_one_with_the_power_of_all() -> None:
    two = tuple(
        ContextPvSystem(
            pv_system=name * 32,
            nominal_power_kw=power,
            azimuth_deg=azimuth,
            tilt_deg=30,
            installed_on=date(2015, 5, 1),
            meters=(name * 32,),
        )
        for name, power, azimuth in (("a", 6.0, 90.0), ("b", 4.5, 270.0))
    )
    context = Context(household="c" * 32, consent=ConsentState.GRANTED, pv_systems=two)
    (system,) = generalise(context, AnonymitySettings(), region_of).systems
    assert (system.power_from_kw, system.power_to_kw, system.azimuth_deg) == (10.0, None, 90.0)
    assert (system.pv_system, system.meters) == ("a" * 32, ("a" * 32, "b" * 32))

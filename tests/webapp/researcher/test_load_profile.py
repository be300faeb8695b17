"""Mean power by quarter of an hour."""

from couch.research_figures import PowerCell
from webapp.researcher.load_profile import load_profiles

GRID, ROOF, SECOND = "grid", "roof", "second"
TYPES = {GRID: "ELECTRICITY", ROOF: "PV_GENERATION", SECOND: "ELECTRICITY"}


def cell(household: str, meter: str, direction: str, count: int, sum_w: float) -> PowerCell:
    return PowerCell(household, meter, False, 48, direction, count, sum_w)  # type: ignore[arg-type]


def at_noon(*cells: PowerCell) -> dict[str, float | None]:
    return {key[0]: one.watts[48] for key, one in load_profiles(cells, TYPES).items()}  # type: ignore[arg-type]


def test_a_slot_of_delivery_counts_as_one_without_drawing() -> None:
    found = at_noon(cell("a", GRID, "in", 1, 300), cell("a", GRID, "out", 2, 600))
    assert found == {"drawn": 100, "fed_in": 200}


def test_a_generation_meter_generates_whichever_way_it_is_wired() -> None:
    assert (
        at_noon(cell("a", ROOF, "in", 1, 500))
        == at_noon(cell("a", ROOF, "out", 1, 500))
        == {"generated": 500}
    )


def test_a_households_meters_are_added_up_and_households_averaged() -> None:
    found = at_noon(
        cell("a", GRID, "in", 4, 400), cell("a", SECOND, "in", 1, 500), cell("b", GRID, "in", 100, 20_000)
    )
    assert found["drawn"] == (600 + 200) / 2


def test_an_unknown_meter_is_left_out_and_nothing_measured_is_a_gap() -> None:
    assert load_profiles([cell("a", "gone", "in", 1, 5)], TYPES) == {}  # type: ignore[arg-type]
    profile = load_profiles([cell("a", GRID, "in", 1, 5)], TYPES)["drawn", False]  # type: ignore[arg-type]
    assert (profile.households, profile.watts[47], profile.watts[48]) == (1, None, 5)

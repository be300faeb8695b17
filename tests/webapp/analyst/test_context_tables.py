"""The tables that tell of households: only what may go out, under pseudonyms."""

from datetime import date

from couch.documents import ConsentState, Context, ContextLocation, ContextMeter, ContextPvSystem, Metadata
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.anonymity.statement import told
from webapp.analyst.context_tables import context_rows

CONTEXT = Context(
    household="a" * 32,
    consent=ConsentState.GRANTED,
    metadata=Metadata(
        children=1, adults=2, adults_with_job=1, ev_charger=True, heat_pump=False, home_battery=True
    ),
    location=ContextLocation(latitude=49.123456, longitude=8.5, anonymized=False),
    pv_systems=(
        ContextPvSystem(
            pv_system="b" * 32,
            nominal_power_kw=9.87,
            azimuth_deg=171.3,
            tilt_deg=33.0,
            installed_on=date(2018, 4, 17),
            meters=("d" * 32,),
        ),
    ),
    meters=(ContextMeter(meter="d" * 32, meter_type="PV_GENERATION", model="DD3"),),
)


def rows(settings: AnonymitySettings) -> tuple[dict[str, object], dict[str, object]]:
    described = told([CONTEXT], settings, lambda _north, _east: "DE123")
    (household,) = context_rows("context", [CONTEXT], described).to_pylist()
    (system,) = context_rows("pv_systems", [CONTEXT], described).to_pylist()
    return household, system


def test_households_go_out_by_state_and_classes() -> None:
    household, system = rows(AnonymitySettings(persons="classes", equipment=("heat_pump",)))
    assert {name: household[name] for name in ("region", "latitude", "longitude", "persons", "children")} == {
        "region": "DE1",
        "latitude": None,
        "longitude": None,
        "persons": "3-4",
        "children": None,
    }
    assert (household["heat_pump"], household["ev_charger"]) == (False, None)
    assert (system["nominal_power"], system["power_from"], system["power_to"]) == (None, 0.0, 10.0)
    assert (system["azimuth"], system["tilt"], system["installed_on"]) == (180.0, None, date(2010, 1, 1))


def test_exact_facts_go_out_where_the_settings_allow_them() -> None:
    household, system = rows(AnonymitySettings(exact_locations=True, exact_systems=True))
    assert (household["latitude"], household["longitude"]) == (49.123456, 8.5)
    assert (system["nominal_power"], system["tilt"], system["installed_on"]) == (
        9.87,
        33.0,
        date(2018, 4, 17),
    )


def test_nothing_is_told_of_a_household_that_is_not_among_those_told() -> None:
    (household,) = context_rows("context", [CONTEXT]).to_pylist()
    assert {name for name, value in household.items() if value is not None} == {
        "household",
        "consent",
        "anonymized",
    }
    assert context_rows("pv_systems", [CONTEXT]).num_rows == 0


def test_meters_stand_with_type_and_model() -> None:
    (meter,) = context_rows("meters", [CONTEXT]).to_pylist()
    assert meter == {
        "household": "a" * 32,
        "meter": "d" * 32,
        "meter_type": "PV_GENERATION",
        "model": "DD3",
    }

"""By which columns somebody could recognize a household, and how finely they go out. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from webapp.analyst.anonymity.settings import AnonymitySettings

# The tables that hold such columns; all others name households by pseudonyms alone.
TABLES = ("context", "pv_systems")
_REGIONS = {2: "the country", 3: "the state (NUTS 1)", 4: "NUTS 2", 5: "the district (NUTS 3)"}


@dataclass(frozen=True, slots=True)
class QuasiIdentifier:
    """`columns`: as table.column. `coarseness`: how finely its values go out, in words."""

    name: str
    columns: tuple[str, ...]
    coarseness: str


def quasi_identifiers(
    settings: AnonymitySettings, tables: Collection[str], *, regions_known: bool = True
) -> tuple[QuasiIdentifier, ...]:
    """Those that go out with `tables` under `settings`; an attribute that is left out is none.

    With one of TABLES both count, since the other one can be joined from another export.
    """
    found: list[QuasiIdentifier] = []
    if not any(table in TABLES for table in tables):
        return ()
    if settings.region_letters:
        known = "" if regions_known else "; unknown of all, since no geodata is imported here"
        found.append(
            QuasiIdentifier(
                "region",
                ("context.region",),
                f"the first {settings.region_letters} characters of the NUTS code: "
                f"{_REGIONS[settings.region_letters]}{known}",
            )
        )
    if settings.exact_locations:
        found.append(
            QuasiIdentifier("location", ("context.latitude", "context.longitude"), "as it is stored")
        )
    if settings.persons == "exact":
        columns = tuple(f"context.{name}" for name in ("children", "adults", "adults_with_job"))
        found.append(QuasiIdentifier("persons", columns, "their numbers"))
    elif settings.persons == "classes":
        found.append(QuasiIdentifier("persons", ("context.persons",), "1, 2, 3-4, 5 and more"))
    found += [
        QuasiIdentifier(name, (f"context.{name}",), "yes or no") for name in sorted(set(settings.equipment))
    ]
    return (*found, *_systems(settings))


def _systems(settings: AnonymitySettings) -> list[QuasiIdentifier]:
    which = (
        "one row for each of a household's systems"
        if settings.systems == "each"
        else "all systems of a household in one row, described by the largest"
    )
    found = [QuasiIdentifier("systems", ("pv_systems",), which)]
    if settings.exact_systems:
        columns = tuple(f"pv_systems.{name}" for name in ("nominal_power", "azimuth", "tilt", "installed_on"))
        return [*found, QuasiIdentifier("installation", columns, "as it is stored")]
    if settings.power_edges_kw:
        edges = ", ".join(f"{edge:g}" for edge in settings.power_edges_kw)
        found.append(
            QuasiIdentifier(
                "power", ("pv_systems.power_from", "pv_systems.power_to"), f"classes up to {edges} kW, above"
            )
        )
    steps = (
        ("azimuth", "azimuth", settings.azimuth_step_deg, "° wide; their middle stands in the column"),
        ("tilt", "tilt", settings.tilt_step_deg, "° wide; their middle stands in the column"),
        ("year", "installed_on", settings.year_step, " years; their first day stands in the column"),
    )
    found += [
        QuasiIdentifier(name, (f"pv_systems.{column}",), f"classes {step}{words}")
        for name, column, step, words in steps
        if step
    ]
    return found

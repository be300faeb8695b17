"""The installations of all households in classes: azimuth, tilt, nominal power. Pure but for one reader."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from couch.client import Server
from couch.documents import Context, ContextPvSystem
from couch.research_figures import contexts

AZIMUTHS = tuple(range(0, 361, 15))  # degrees, 0 north, 90 east
TILTS = tuple(range(0, 91, 10))
POWERS_KW = (0, 2, 4, 6, 8, 10, 12, 15, 20, 30, 50, 100)


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many installations lie in [edges[n], edges[n+1]); the last class holds all above as well.

    `unknown`: those of which it is not known, or blurred away.
    """

    edges: tuple[int, ...]
    counts: tuple[int, ...]
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Installations:
    households: int  # that have an installation
    systems: int
    nominal_kw: float  # of all together
    azimuth: Histogram
    tilt: Histogram
    power: Histogram


def read_installations(server: Server) -> Installations:
    """From all contexts in research. Raises CouchError."""
    return installations(contexts(server))


def installations(found: Iterable[Context]) -> Installations:
    """The classes of all installations of these households."""
    with_systems = [one for one in found if one.pv_systems]
    systems = [system for one in with_systems for system in one.pv_systems]
    return Installations(
        len(with_systems),
        len(systems),
        sum(system.nominal_power_kw for system in systems),
        histogram(systems, AZIMUTHS, lambda one: None if one.azimuth_deg is None else one.azimuth_deg % 360),
        histogram(systems, TILTS, lambda one: one.tilt_deg),
        histogram(systems, POWERS_KW, lambda one: one.nominal_power_kw),
    )


def histogram(
    systems: Sequence[ContextPvSystem],
    edges: tuple[int, ...],
    value: Callable[[ContextPvSystem], float | None],
) -> Histogram:
    """The systems by class."""
    counts, unknown = [0] * (len(edges) - 1), 0
    for system in systems:
        found = value(system)
        if found is None:
            unknown += 1
            continue
        place = next((n for n, (_, high) in enumerate(pairwise(edges)) if found < high), len(counts) - 1)
        counts[place] += 1
    return Histogram(edges, tuple(counts), unknown)

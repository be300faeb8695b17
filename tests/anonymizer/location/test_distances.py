"""Equation 3.1 at its corners."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.location import Distances, distances


def within(found: Distances, d_min_m: float, d_max_m: float) -> None:
    assert found.d_min_m == pytest.approx(d_min_m, abs=1e-6)
    assert found.d_max_m == pytest.approx(d_max_m, abs=1e-6)


@pytest.mark.parametrize(
    ("density", "d_min_m", "d_max_m"),
    [
        (0, 4264, 10621),  # nobody lives there; the limits of 8 and 20 km lie beyond that
        (100, 4131.9, 10310.3),
        (233, 4264 - 1.321 * 233, 10621 - 3.107 * 233),  # all of Germany
        (2999, 302.321, 1303.107),
        (3000, 301, 1300),  # the upper line meets its floor exactly here
        (3000 + 1 / 1.321, 300, 1300),  # and here the lower one
        (3001, 300, 1300),
        (4788, 300, 1300),  # Munich
        (30_000, 300, 1300),
        (1e9, 300, 1300),
    ],
)
def test_the_bounds_are_those_of_the_equation(density: float, d_min_m: float, d_max_m: float) -> None:
    within(distances(density), d_min_m, d_max_m)


@pytest.mark.parametrize("density", [-0.001, -3000, math.nan, math.inf, -math.inf])
def test_what_is_no_density_gives_no_bounds(density: float) -> None:
    with pytest.raises(ValueError, match="no density"):
        distances(density)


def test_a_factor_widens_both_bounds() -> None:
    within(distances(100, 2.5), 2.5 * 4131.9, 2.5 * 10310.3)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_denser_region_never_gets_a_wider_ring(one: float, other: float) -> None:
    sparse, dense = distances(min(one, other)), distances(max(one, other))
    assert sparse.d_min_m >= dense.d_min_m
    assert sparse.d_max_m >= dense.d_max_m


@given(st.floats(0, 1e9))
def test_the_ring_is_always_at_least_999_m_wide_and_keeps_to_the_limits(density: float) -> None:
    bounds = distances(density)
    assert 300 <= bounds.d_min_m <= 8000
    assert 1300 <= bounds.d_max_m <= 20_000
    assert bounds.d_max_m - bounds.d_min_m >= 999 - 1e-9


@pytest.mark.parametrize(("d_min_m", "d_max_m"), [(0, 10), (10, 10), (20, 10), (1, math.inf), (math.nan, 5)])
def test_bounds_between_which_nothing_lies_cannot_be_made(d_min_m: float, d_max_m: float) -> None:
    with pytest.raises(ValueError, match="no ring"):
        Distances(d_min_m, d_max_m)

"""What a chart says in words and hands to the script."""

import json

import pytest

from webapp.chart import Chart, Series, chart_data, chart_summary

QUARTER = 900


def chart(*values: float | None, **more: object) -> Chart:
    xs = tuple(1_790_000_000 // QUARTER * QUARTER + QUARTER * number for number in range(len(values)))
    return Chart(title="Power", unit="W", series=(Series("Drawn", values, "step"),), xs=xs, **more)  # type: ignore[arg-type]


def test_a_chart_is_said_in_words_with_what_is_missing() -> None:
    assert chart_summary(chart(1200.0, None, -30.0)) == (
        "Drawn: lowest -30 W, highest 1,200 W. 1 of 3 values are missing."
    )
    assert chart_summary(chart(None, None)) == "Drawn: no values."
    assert chart(None, None).empty
    assert not chart(0.0).empty


def test_gaps_stay_gaps_in_what_the_script_draws() -> None:
    data = json.loads(json.dumps(chart_data(chart(1.0, None, 2.0), "Europe/Berlin")))
    assert data["series"] == [{"label": "Drawn", "kind": "step", "tone": 1, "values": [1.0, None, 2.0]}]
    assert data["zone"] == "Europe/Berlin"


def test_even_moments_are_handed_over_as_start_step_and_count() -> None:
    even = chart_data(chart(1.0, 2.0, 3.0), "UTC")
    assert (even["even"], even["xs"]) == ((chart(1.0).xs[0], QUARTER, 3), ())
    uneven = Chart(title="x", unit="", series=(Series("x", (1, 2, 3)),), xs=(0, 1, 5))
    assert (chart_data(uneven, "UTC")["even"], chart_data(uneven, "UTC")["xs"]) == (None, (0, 1, 5))


def test_a_chart_that_cannot_be_drawn_is_not_made() -> None:
    with pytest.raises(ValueError, match="3 values for 2 places"):
        Chart(title="x", unit="", series=(Series("x", (1, 2, 3)),), labels=("a", "b"))
    with pytest.raises(ValueError, match="not both"):
        Chart(title="x", unit="", series=(), xs=(1,), labels=("a",))
    with pytest.raises(ValueError, match="1 to 6"):
        Series("x", (), tone=7)

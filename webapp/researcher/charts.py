"""The researchers' charts from their figures: titles, series, units; the pages show the same as tables."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from itertools import pairwise

from webapp.chart import Chart, Series
from webapp.dates import day as day_words
from webapp.numbers import number
from webapp.researcher.consent_curve import ConsentDay
from webapp.researcher.installations import Histogram, Installations
from webapp.researcher.load_profile import QUARTERS, Profiles, Quantity, Values
from webapp.researcher.month_figures import DayMean
from webapp.researcher.quantity_words import QUANTITY_WORDS
from webapp.translation import gettext

_NOTHING: Values = (None,) * QUARTERS


def consent_chart(days: Sequence[ConsentDay], zone: tzinfo) -> Chart:
    """Granted, revoked and in force by the end of each day."""
    return Chart(
        title=gettext("Households by consent"),
        unit="",
        xs=tuple(
            int(datetime(one.day.year, one.day.month, one.day.day, tzinfo=zone).timestamp()) for one in days
        ),
        series=(
            Series(gettext("Consent in force"), tuple(float(one.in_force) for one in days), "step", 1),
            Series(gettext("Granted so far"), tuple(float(one.granted_by_then) for one in days), "step", 3),
            Series(gettext("Revoked so far"), tuple(float(one.revoked_by_then) for one in days), "step", 2),
        ),
    )


def quarter_words(quarter: int) -> str:
    """`14:15`, when a quarter of an hour of the day begins."""
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


def profile_chart(profiles: Profiles, quantity: Quantity) -> Chart:
    """The mean power by quarter of an hour, on working days and on weekends."""

    def values(weekend: bool) -> Values:
        found = profiles.get((quantity, weekend))
        return found.watts if found else _NOTHING

    return Chart(
        title=gettext(QUANTITY_WORDS[quantity]),
        unit="W",
        labels=tuple(quarter_words(quarter) for quarter in range(QUARTERS)),
        series=(
            Series(gettext("Monday to Friday"), values(False), "line", 1),
            Series(gettext("Weekends"), values(True), "line", 2),
        ),
    )


def energy_chart(days: Mapping[Quantity, Mapping[date, DayMean]], all_days: Sequence[date]) -> Chart:
    """The mean energy of each day of a month."""
    tones: Mapping[Quantity, int] = {"drawn": 2, "fed_in": 3, "generated": 1}
    return Chart(
        title=gettext("Mean energy of a household by day"),
        unit="kWh",
        decimals=1,
        labels=tuple(day_words(one) for one in all_days),
        series=tuple(
            Series(
                gettext(words),
                tuple(_kwh(days.get(quantity, {}).get(one)) for one in all_days),
                "bars",
                tones[quantity],
            )
            for quantity, words in QUANTITY_WORDS.items()
        ),
    )


def _kwh(mean: DayMean | None) -> float | None:
    return None if mean is None else mean.watthours / 1000


def histogram_charts(found: Installations) -> tuple[tuple[str, Chart, Histogram], ...]:
    """Azimuth, tilt and power: the figure's id, its chart, its classes."""
    return (
        (
            "azimuth",
            _histogram(gettext("Azimuth in degrees (0 north, 90 east, 180 south)"), found.azimuth),
            found.azimuth,
        ),
        ("tilt", _histogram(gettext("Tilt in degrees (0 flat, 90 upright)"), found.tilt), found.tilt),
        ("power", _histogram(gettext("Nominal power in kW"), found.power), found.power),
    )


def class_words(histogram: Histogram) -> tuple[str, ...]:
    """The classes as `10–12`."""
    return tuple(f"{number(low)}–{number(high)}" for low, high in pairwise(histogram.edges))


def _histogram(title: str, found: Histogram) -> Chart:
    return Chart(
        title=title,
        unit="",
        labels=class_words(found),
        series=(Series(gettext("Installations"), tuple(float(count) for count in found.counts), "bars", 1),),
    )

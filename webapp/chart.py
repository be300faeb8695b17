"""A chart for the pages: what is drawn, said in words, and handed to `static/charts.js` as JSON.

The values also stand in a table of the page: a chart is a picture of them and never the only place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise
from typing import Literal

from flask import Flask

from webapp.numbers import number
from webapp.translation import gettext, language

Kind = Literal["line", "step", "bars"]
TONES = 6  # colours that the style sheet has for series: --tone-1 and so on


@dataclass(frozen=True, slots=True)
class Series:
    """One line, stepped line or row of bars; None is a gap and drawn as one. `tone`: which colour, from 1.

    A step lasts from its x to the next one; a value below zero is drawn below zero.
    """

    label: str
    values: tuple[float | None, ...]
    kind: Kind = "line"
    tone: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.tone <= TONES:
            raise ValueError(f"tone is {self.tone}; the style sheet has 1 to {TONES}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Series over moments (`xs`, seconds since 1970, rising) or over named classes (`labels`).

    `zone`: name of the time zone of the axis, None: the page's. `decimals`: of the values shown.
    """

    title: str
    unit: str
    series: tuple[Series, ...]
    xs: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    zone: str | None = None
    decimals: int = 0

    def __post_init__(self) -> None:
        if bool(self.xs) and bool(self.labels):
            raise ValueError("a chart is over moments or over labels, not both")
        length = len(self.xs) or len(self.labels)
        for one in self.series:
            if len(one.values) != length:
                raise ValueError(f"{one.label!r} has {len(one.values)} values for {length} places")

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return all(value is None for one in self.series for value in one.values)


def install(app: Flask, zone: tzinfo) -> None:
    """Give templates `chart_data` (what the script draws, for `tojson`) and `chart_summary` (in words)."""
    usual = str(zone)
    app.add_template_filter(lambda chart: chart_data(chart, usual), "chart_data")
    app.add_template_filter(chart_summary, "chart_summary")


def chart_data(chart: Chart, zone: str) -> Mapping[str, object]:
    """What `static/charts.js` reads."""
    return {
        "unit": chart.unit,
        "decimals": chart.decimals,
        "language": language(),
        "zone": chart.zone or zone,
        "name": chart.title + ": " + gettext("arrow keys move through the values"),
        "even": (even := _even(chart.xs)),
        "xs": () if even else chart.xs,
        "labels": chart.labels,
        "series": [
            {"label": one.label, "kind": one.kind, "tone": one.tone, "values": one.values}
            for one in chart.series
        ],
    }


def _even(xs: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Start, step and count of moments that follow each other evenly: a month of them weighs 30 kB."""
    steps = {later - earlier for earlier, later in pairwise(xs)}
    return (xs[0], steps.pop(), len(xs)) if len(steps) == 1 else None


def chart_summary(chart: Chart) -> str:
    """The chart in a sentence for each series: its lowest and highest value and how much is missing."""
    return " ".join(_in_words(one, chart) for one in chart.series)


def _in_words(one: Series, chart: Chart) -> str:
    known = [value for value in one.values if value is not None]
    if not known:
        return gettext("%(series)s: no values.", series=one.label)
    said = gettext(
        "%(series)s: lowest %(low)s, highest %(high)s.",
        series=one.label,
        low=_shown(min(known), chart),
        high=_shown(max(known), chart),
    )
    missing = len(one.values) - len(known)
    if not missing:
        return said
    return f"{said} " + gettext(
        "%(missing)s of %(all)s values are missing.", missing=number(missing), all=number(len(one.values))
    )


def _shown(value: float, chart: Chart) -> str:
    return f"{number(value, chart.decimals)} {chart.unit}".rstrip()

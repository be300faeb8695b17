"""Coarser settings under which enough households would be alike, found step by step. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from couch.documents import Context
from webapp.analyst.anonymity.generalised import generalise
from webapp.analyst.anonymity.regions import RegionOf
from webapp.analyst.anonymity.settings import AnonymitySettings

# Which step helps most is judged by so many classes, whether it is enough by all.
_SAMPLE = 2000
_REGION_LETTERS = {5: 4, 4: 3, 3: 2, 2: 0}
_AZIMUTH_STEPS = {2: 10, 10: 30, 30: 90, 90: 0}
_TILT_STEPS = {5: 15, 15: 45, 45: 0}
_YEAR_STEPS = {1: 5, 5: 10, 10: 20, 20: 0}
_PERSONS = {"exact": "classes", "classes": "none"}


def coarser(settings: AnonymitySettings) -> Iterator[AnonymitySettings]:
    """The settings that are coarser by one step in one attribute; none where nothing is told any more."""
    for change in _changes(settings):
        yield msgspec.structs.replace(settings, **change)


def advised(
    contexts: Sequence[Context], settings: AnonymitySettings, region_of: RegionOf
) -> AnonymitySettings | None:
    """Coarser settings that reach the threshold, the step that helps most taken first; None: none do."""
    if len(contexts) < settings.threshold:
        return None
    # A coarser class holds whole finer ones, so from each class one household is enough from here on.
    counted = [(context, 1) for context in contexts]
    while True:
        counted, k = _collapsed(counted, settings, region_of)
        if k >= settings.threshold:
            return settings
        ranked = [
            (_few(counted[:_SAMPLE], step, region_of), place, step)
            for place, step in enumerate(coarser(settings))
        ]
        if not ranked:
            return None
        settings = min(ranked, key=lambda each: each[:2])[2]


def differences(before: AnonymitySettings, after: AnonymitySettings) -> tuple[str, ...]:
    """What changed, as it stands in the settings file."""
    old, new = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    return tuple(f"{name} = {_toml(value)}" for name, value in new.items() if value != old[name])


def _changes(settings: AnonymitySettings) -> Iterator[Mapping[str, Any]]:
    if settings.exact_locations:
        yield {"exact_locations": False}
    if settings.exact_systems:
        yield {"exact_systems": False}
    if settings.region_letters and not settings.exact_locations:
        yield {"region_letters": _REGION_LETTERS[settings.region_letters]}
    if settings.persons != "none":
        yield {"persons": _PERSONS[settings.persons]}
    for left_out in settings.equipment:
        yield {"equipment": tuple(each for each in settings.equipment if each != left_out)}
    if settings.exact_systems:
        return
    if settings.power_edges_kw:
        yield {"power_edges_kw": settings.power_edges_kw[1::2]}
    if settings.azimuth_step_deg:
        yield {"azimuth_step_deg": _AZIMUTH_STEPS[settings.azimuth_step_deg]}
    if settings.tilt_step_deg:
        yield {"tilt_step_deg": _TILT_STEPS[settings.tilt_step_deg]}
    if settings.year_step:
        yield {"year_step": _YEAR_STEPS[settings.year_step]}


def _collapsed(
    counted: Sequence[tuple[Context, int]], settings: AnonymitySettings, region_of: RegionOf
) -> tuple[list[tuple[Context, int]], int]:
    """One context for each class with the number of households in it; and the smallest number."""
    classes: dict[tuple[Any, ...], tuple[Context, int]] = {}
    for context, count in counted:
        traits = generalise(context, settings, region_of).traits
        first, before = classes.get(traits, (context, 0))
        classes[traits] = (first, before + count)
    return list(classes.values()), min(count for _, count in classes.values())


def _few(counted: Sequence[tuple[Context, int]], settings: AnonymitySettings, region_of: RegionOf) -> int:
    """How many households would be like too few others."""
    sizes: Counter[tuple[Any, ...]] = Counter()
    for context, count in counted:
        sizes[generalise(context, settings, region_of).traits] += count
    return sum(size for size in sizes.values() if size < settings.threshold)


def _toml(value: Any) -> str:
    return msgspec.json.encode(value).decode()

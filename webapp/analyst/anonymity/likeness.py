"""How many households are alike in what goes out: k of k-anonymity (Samarati and Sweeney, 1998). Pure.

Somebody who knows a household from elsewhere and looks for it finds at least k that it might be.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webapp.analyst.anonymity.generalised import General


@dataclass(frozen=True, slots=True)
class Likeness:
    """Households by classes of those alike. `k`: the size of the smallest class; None: nobody goes out.

    `smallest`: the sizes of the smallest classes, at most ten. `few`: pseudonyms of the households in classes
    below the threshold, sorted.
    """

    k: int | None
    households: int
    classes: int
    smallest: tuple[int, ...] = ()
    few: tuple[str, ...] = ()


_NAMED = 10


def likeness(households: Sequence[General], threshold: int) -> Likeness:
    """The classes of `households`, one entry for each."""
    traits = [household.traits for household in households]
    sizes, zipped = Counter(traits), zip(households, traits, strict=True)
    return Likeness(
        k=min(sizes.values(), default=None),
        households=len(households),
        classes=len(sizes),
        smallest=tuple(sorted(sizes.values())[:_NAMED]),
        few=tuple(sorted(each.household for each, kind in zipped if sizes[kind] < threshold)),
    )


def unlabelled(count: int, threshold: int, households: Iterable[str] = ()) -> Likeness:
    """`count` households of which no attribute goes out: they are one class."""
    return Likeness(
        k=count or None,
        households=count,
        classes=min(count, 1),
        smallest=(count,) if count else (),
        few=tuple(sorted(households)) if count < threshold else (),
    )


def blanked(households: Sequence[General], threshold: int) -> tuple[General, ...]:
    """The same households, nothing told of those that are like too few others.

    Those of whom nothing is told are a class, too: where they are too few, the next smallest class joins
    them. Fewer than `threshold` households in all stay too few.
    """
    kinds = [household.traits for household in households]
    sizes = Counter(kinds)
    nothing = General("").traits
    hidden = {traits for traits, size in sizes.items() if size < threshold}
    told_of = sorted((size, repr(traits), traits) for traits, size in sizes.items() if traits not in hidden)
    count = sum(sizes[traits] for traits in hidden | {nothing})
    while hidden and count < threshold and told_of:
        size, _, traits = told_of.pop(0)
        hidden.add(traits)
        count += size
    return tuple(
        General(each.household) if kind in hidden else each
        for each, kind in zip(households, kinds, strict=True)
    )

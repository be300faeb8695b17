"""What is said of an export's anonymity in its package, and the refusal of one that tells too much. Pure."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from couch.documents import Context
from couch.errors import Fault
from webapp.analyst.anonymity.advice import advised, differences
from webapp.analyst.anonymity.generalised import General, generalise
from webapp.analyst.anonymity.likeness import Likeness, blanked, likeness, unlabelled
from webapp.analyst.anonymity.quasi_identifiers import TABLES, QuasiIdentifier, quasi_identifiers
from webapp.analyst.anonymity.regions import RegionOf
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.translation import gettext, ngettext

_NOT_COUNTED = (
    "Not counted: consent, anonymized, and the types and models of meters, which nobody outside knows; and "
    "the measurements themselves. A load curve tells a household's habits, and somebody who knows a part of "
    "it from elsewhere recognizes the rest. k speaks of the attributes listed here alone."
)


class TooFewAlike(Fault):
    """An export in which fewer than the threshold of households are alike: nothing of it goes out."""


@dataclass(frozen=True, slots=True)
class Anonymity:
    """How alike the households of an export are. `blank`: of how many nothing is told for that reason."""

    likeness: Likeness
    threshold: int
    quasi_identifiers: tuple[QuasiIdentifier, ...]
    blank: int = 0

    @property
    def k(self) -> int | None:
        return self.likeness.k

    @property
    def enough(self) -> bool:
        return self.k is None or self.k >= self.threshold

    def described(self) -> dict[str, Any]:
        """As it stands in a package."""
        return {
            "k": self.k,
            "threshold": self.threshold,
            "households": self.likeness.households,
            "classes": self.likeness.classes,
            "smallest_classes": list(self.likeness.smallest),
            "blank_households": self.blank,
            "quasi_identifiers": [
                {"name": each.name, "columns": list(each.columns), "coarseness": each.coarseness}
                for each in self.quasi_identifiers
            ],
            "note": _NOT_COUNTED,
        }


def told(
    contexts: Sequence[Context], settings: AnonymitySettings, region_of: RegionOf
) -> tuple[General, ...]:
    """The households of `contexts` as they go out together, in their order."""
    return _shown(_generalised(contexts, settings, region_of), settings)


def stated(
    tables: Collection[str],
    contexts: Sequence[Context],
    settings: AnonymitySettings,
    region_of: RegionOf,
    measured: Collection[str] | None = None,
) -> Anonymity:
    """How alike the households of an export with `tables` are; `contexts`: one of each that goes out.

    `measured`: pseudonyms of those with readings in it, where that is known: whoever has readings is to be
    like enough others who have, too. Without a table that tells of households they are alike, however many
    they are: who joins them by pseudonym with an export that told more learns no more than that one told.
    """
    if measured is None:
        measured = {context.household for context in contexts}
    if not any(table in TABLES for table in tables):
        households = sorted(measured)
        found = unlabelled(len(households), settings.threshold, households)
        return Anonymity(found, settings.threshold, ())
    known = _generalised(contexts, settings, region_of)
    shown = _shown(known, settings)
    found = likeness(shown, settings.threshold)
    among = [each for each in shown if each.household in measured]
    if len(among) < len(shown):
        kinds = (found, likeness(among, settings.threshold))
        found = min(kinds, key=lambda each: math.inf if each.k is None else each.k)
    return Anonymity(
        found,
        settings.threshold,
        quasi_identifiers(settings, tables, regions_known=_regions_known(contexts, region_of)),
        sum(before is not after for before, after in zip(known, shown, strict=True)),
    )


def refusal(
    found: Anonymity, contexts: Sequence[Context], settings: AnonymitySettings, region_of: RegionOf
) -> TooFewAlike:
    """Why the export does not go out, and what would help; names nobody."""
    if not found.quasi_identifiers:
        return TooFewAlike(
            ngettext(
                "this export holds %(n)s household: whoever knows that it is in there knows which one it is. "
                "At least %(threshold)s are asked for: select a longer time, more households or regions.",
                "this export holds %(n)s households: whoever knows that one is in there has few to look at. "
                "At least %(threshold)s are asked for: select a longer time, more households or regions.",
                found.likeness.households,
                threshold=found.threshold,
            )
        )
    few = ngettext(
        "%(n)s household of %(all)s could be recognized in this export: fewer than %(threshold)s are alike "
        "(k is %(k)s).",
        "%(n)s households of %(all)s could be recognized in this export: fewer than %(threshold)s are alike "
        "(k is %(k)s).",
        len(found.likeness.few),
        all=found.likeness.households,
        threshold=found.threshold,
        k=found.k,
    )
    return TooFewAlike(f"{few} {_what_helps(contexts, settings, region_of)}")


def require(
    tables: Collection[str],
    contexts: Sequence[Context],
    settings: AnonymitySettings,
    region_of: RegionOf,
    measured: Collection[str] | None = None,
) -> Anonymity:
    """The statement of an export that may go out. Raises TooFewAlike."""
    found = stated(tables, contexts, settings, region_of, measured)
    if not found.enough:
        raise refusal(found, contexts, settings, region_of)
    return found


def check_regions(regions: Sequence[str], settings: AnonymitySettings) -> None:
    """Nobody learns by selecting what is not told.

    Raises Fault for a region that is finer than what goes out.
    """
    finer = next((region for region in regions if len(region) > settings.region_letters), None)
    if finer is not None and not settings.open:
        raise Fault(
            gettext(
                "the region %(region)s is finer than what may be told of households here: give at most "
                "%(letters)s characters, or have region_letters raised in [anonymity] of centre_web.toml",
                region=finer,
                letters=settings.region_letters,
            )
        )


def _what_helps(contexts: Sequence[Context], settings: AnonymitySettings, region_of: RegionOf) -> str:
    coarse = advised(contexts, settings, region_of)
    if coarse is None:
        return gettext(
            "No coarser classes help: select more households, or leave out the tables that describe them "
            "(%(tables)s).",
            tables=", ".join(TABLES),
        )
    return gettext(
        "Select more households; or leave out the tables that describe them (%(tables)s); or have coarser "
        'classes set in [anonymity] of centre_web.toml: %(changes)s would do; or have too_few = "blank" set '
        "there, so that nothing is told of those households and the rest goes out.",
        tables=", ".join(TABLES),
        changes=", ".join(differences(settings, coarse)),
    )


def _regions_known(contexts: Sequence[Context], region_of: RegionOf) -> bool:
    places = [context.location for context in contexts if context.location is not None]
    return not places or any(region_of(place.latitude, place.longitude) is not None for place in places)


def _generalised(
    contexts: Sequence[Context], settings: AnonymitySettings, region_of: RegionOf
) -> tuple[General, ...]:
    return tuple(generalise(context, settings, region_of) for context in contexts)


def _shown(known: tuple[General, ...], settings: AnonymitySettings) -> tuple[General, ...]:
    """Nothing of those that are like too few, where the settings say so."""
    return blanked(known, settings.threshold) if settings.too_few == "blank" else known

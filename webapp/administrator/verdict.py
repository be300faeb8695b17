"""Whether all is well, in one sentence: what an administrator reads first."""

from collections import Counter
from dataclasses import dataclass

from webapp.administrator.centre_state import CentreState, CentreTrouble
from webapp.administrator.centre_words import TROUBLES
from webapp.administrator.fleet import Fleet, Standing
from webapp.administrator.troubles import Urgency
from webapp.numbers import number
from webapp.translation import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Verdict:
    """`tone`: good, warn or bad. `about`: the trouble of the centre that the sentence tells, if it does."""

    tone: str
    sentence: str
    detail: str
    about: CentreTrouble | None = None


def urgencies(fleet: Fleet) -> Counter[Urgency]:
    """How many devices need somebody, by how soon."""
    return Counter(health.troubles[0].urgency for health in fleet.troubled)


def verdict(fleet: Fleet, centre: CentreState) -> Verdict:
    """The worst decides."""
    by_urgency = urgencies(fleet)
    now, soon, later = (by_urgency[each] for each in (Urgency.NOW, Urgency.SOON, Urgency.LATER))
    if centre.troubles and centre.troubles[0].grave:
        grave = centre.troubles[0]
        return Verdict("bad", gettext(TROUBLES[grave][0]), _devices(now + soon, fleet), grave)
    if now:
        sentence = ngettext(
            "%(shown)s device needs somebody now.",
            "%(shown)s devices need somebody now.",
            now,
            shown=number(now),
        )
        return Verdict("bad", sentence, _soon(soon, fleet))
    if soon:
        sentence = ngettext(
            "%(shown)s device needs somebody soon.",
            "%(shown)s devices need somebody soon.",
            soon,
            shown=number(soon),
        )
        return Verdict("warn", sentence, _well(fleet))
    if centre.troubles:
        return Verdict("warn", gettext(TROUBLES[centre.troubles[0]][0]), _well(fleet), centre.troubles[0])
    if not fleet.standings:
        return Verdict(
            "good", gettext("No device is registered yet."), gettext("They appear here with their household.")
        )
    detail = _well(fleet)
    if later:
        more = ngettext(
            "%(shown)s device can be seen to when there is time.",
            "%(shown)s devices can be seen to when there is time.",
            later,
            shown=number(later),
        )
        detail = f"{detail} {more}"
    return Verdict("good", gettext("All is well."), detail)


def _devices(troubled: int, fleet: Fleet) -> str:
    if not troubled:
        return _well(fleet)
    return ngettext(
        "Besides, %(shown)s device needs somebody.",
        "Besides, %(shown)s devices need somebody.",
        troubled,
        shown=number(troubled),
    )


def _soon(soon: int, fleet: Fleet) -> str:
    if not soon:
        return _well(fleet)
    return ngettext(
        "%(shown)s more needs somebody soon.",
        "%(shown)s more need somebody soon.",
        soon,
        shown=number(soon),
    )


def _well(fleet: Fleet) -> str:
    well = fleet.standings[Standing.WELL]
    return ngettext("%(shown)s device is well.", "%(shown)s devices are well.", well, shown=number(well))

"""What a meter is called on the participant's pages."""

from couch.documents import Meter
from webapp.translation import gettext


def meter_name(meter: Meter | None, number: int = 0) -> str:
    """By kind and model, as it hangs in the cellar; None: it was measured and is not registered any more.

    `number` tells those apart that would be called the same; 0: there is but one.
    """
    name = _kind_and_model(meter)
    return gettext("%(meter)s (no. %(number)s)", meter=name, number=number) if number else name


def _kind_and_model(meter: Meter | None) -> str:
    if meter is None:
        return gettext("Meter that is no longer registered")
    if meter.meter_type == "PV_GENERATION":
        return gettext("Generation meter %(model)s", model=meter.model)
    return gettext("Electricity meter %(model)s", model=meter.model)

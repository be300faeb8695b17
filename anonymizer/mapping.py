"""From a household's documents to what research may see of them: built from an allow-list, field by field.

Pure: values in, values out. A field that is not named here does not leave the household, whoever adds it.
"""

import re

from anonymizer.household_facts import HouseholdFacts
from anonymizer.pseudonyms import Pseudonyms
from anonymizer.pv_blurring import blur_pv
from couch.blurring import Blurring
from couch.documents import (
    ConsentState,
    Context,
    ContextLocation,
    ContextMeter,
    ContextPvSystem,
    Gap,
    Measurement,
    Metadata,
    Reading,
    ResearchGap,
    ResearchMeasurement,
)

# Quantities of energy meters (IEC 62056-62). A reading without a unit is a number of the meter or its owner,
# a status word or a clock: not for research, and the first two would name the household.
UNITS = frozenset({"Wh", "W", "varh", "var", "VAh", "VA", "V", "A", "Hz", "°"})
_MARK = re.compile(r"^[a-z][a-z_]{0,39}$")  # names of doubts are words of ours; no digits, so no numbers hide


def research_measurement(
    measurement: Measurement, household: str, pseudonyms: Pseudonyms
) -> ResearchMeasurement | None:
    """The measurement under pseudonyms; None where none of its readings is a quantity.

    `household` is the household's uuid.
    """
    data = tuple(
        Reading(obis=reading.obis, value=reading.value, scaler=reading.scaler, unit=reading.unit)
        for reading in measurement.data
        if reading.unit in UNITS
    )
    if not data:
        return None
    return ResearchMeasurement(
        household=pseudonyms.household(household),
        meter=pseudonyms.meter(measurement.meter),
        slot=measurement.slot,
        measured_at=measurement.measured_at,
        time_source=measurement.time.source,
        data=data,
        marks=tuple(mark for mark in measurement.marks if _MARK.match(mark)),
    )


def research_gap(gap: Gap, household: str, pseudonyms: Pseudonyms) -> ResearchGap:
    """The gap under pseudonyms. `household` is the household's uuid."""
    return ResearchGap(
        household=pseudonyms.household(household),
        meter=pseudonyms.meter(gap.meter),
        from_slot=gap.from_slot,
        to_slot=gap.to_slot,
        cause=gap.cause,
    )


def granted_context(facts: HouseholdFacts, household: str, pseudonyms: Pseudonyms) -> Context:
    """What analysts may know of a household that takes part. `household` is its uuid."""
    metadata = facts.registration.metadata if facts.registration else None
    return Context(
        household=pseudonyms.household(household),
        consent=ConsentState.GRANTED,
        metadata=None
        if metadata is None
        else Metadata(
            children=metadata.children,
            adults=metadata.adults,
            adults_with_job=metadata.adults_with_job,
            ev_charger=metadata.ev_charger,
            heat_pump=metadata.heat_pump,
            home_battery=metadata.home_battery,
        ),
        location=None
        if facts.location is None
        else ContextLocation(
            latitude=facts.location.latitude, longitude=facts.location.longitude, anonymized=False
        ),
        pv_systems=tuple(
            ContextPvSystem(
                pv_system=pseudonyms.pv_system(system.pv_system),
                nominal_power_kw=system.nominal_power_kw,
                azimuth_deg=system.azimuth_deg,
                tilt_deg=system.tilt_deg,
                installed_on=system.installed_on,
                meters=tuple(pseudonyms.meter(meter) for meter in system.meters),
            )
            for system in facts.pv_systems
        ),
        meters=tuple(
            ContextMeter(meter=pseudonyms.meter(meter.meter), meter_type=meter.meter_type, model=meter.model)
            for meter in facts.meters
        ),
    )


def withdrawn_context(before: Context) -> Context:
    """What may be seen of `before` while its anonymization has to wait: no location and no installation.

    A context that was anonymized already stays as it is.
    """
    if before.anonymized:
        return before
    return Context(
        rev=before.rev,
        household=before.household,
        consent=ConsentState.REVOKED,
        metadata=before.metadata,
        meters=before.meters,
    )


def anonymized_context(exact: Context, location: ContextLocation | None, blurring: Blurring) -> Context:
    """What outlives the revocation: `location` in place of the exact one, installations blurred."""
    return Context(
        household=exact.household,
        consent=ConsentState.REVOKED,
        anonymized=True,
        metadata=exact.metadata,
        location=location,
        pv_systems=tuple(blur_pv(system, blurring) for system in exact.pv_systems),
        meters=exact.meters,
    )

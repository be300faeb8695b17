"""The columns of every table: types, units and descriptions, as they stand in Parquet files and packages.

A column's metadata hold `description` and, where the values are quantities, `unit`.
"""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from webapp.analyst.selection import TableName

# Bumped when a column is added or changes its meaning.
COLUMNS_VERSION = 2
# kWh, exact to 10^-8: the finest that known meters count in (eight decimals of a kWh).
ENERGY = pa.decimal128(18, 8)
_TIME = pa.timestamp("s", tz="UTC")
_WORDS = pa.list_(pa.string())


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the data set. `title` and `description` are for people."""

    title: str
    description: str
    schema: pa.Schema


def _column(
    name: str, kind: Any, description: str, *, unit: str | None = None, empty: bool = False
) -> pa.Field:
    metadata = {"description": description, **({"unit": unit} if unit else {})}
    return pa.field(name, kind, nullable=empty, metadata=metadata)


_HOUSEHOLD = _column("household", pa.string(), "Pseudonym of the household")
_METER = _column("meter", pa.string(), "Pseudonym of the meter")

_MEASUREMENTS = pa.schema(
    [
        _HOUSEHOLD,
        _METER,
        _column("slot", _TIME, "Start of the 15-minute slot, UTC"),
        _column("measured_at", _TIME, "When the meter was read, UTC"),
        _column(
            "time_source",
            pa.string(),
            "How the time is known: the device's clock was synchronized, was not (unsynchronized), or the "
            "measurement was dated later from the seconds since the device started (dated_later)",
        ),
        _column("obis", pa.string(), "OBIS code of the quantity, six bytes in hex: 0100010800ff is 1.8.0"),
        _column(
            "value",
            pa.int64(),
            "The number that the meter sent; empty with the mark beyond_64_bits where it needs more",
            empty=True,
        ),
        _column("scaler", pa.int8(), "Power of ten by which the value is multiplied"),
        _column(
            "unit", pa.string(), "Unit of the quantity: Wh, W, V, ...; empty where none was sent", empty=True
        ),
        _column("marks", _WORDS, "Doubts about the measurement"),
    ]
)

_INTERVALS = pa.schema(
    [
        _HOUSEHOLD,
        _METER,
        _column(
            "quantity",
            pa.string(),
            "drawn or fed_in (an electricity meter: from or into the grid), generated or system_use (a "
            "generation meter: what the system made, what it used itself)",
        ),
        _column("slot", _TIME, "Start of the interval, UTC: the slot of the earlier measurement"),
        _column("until", _TIME, "End of the interval, UTC: the slot of the later measurement"),
        _column(
            "slots", pa.int32(), "How many slots the interval spans; more than 1 where slots are missing"
        ),
        _column("seconds", pa.int64(), "Between the moments of both measurements", unit="s"),
        _column(
            "energy",
            ENERGY,
            "What the counter moved: the exact difference of its readings; empty where it tells nothing "
            "(reset, meter_change, jump)",
            unit="kWh",
            empty=True,
        ),
        _column("step", ENERGY, "What the counter counts in: 1 on a locked meter", unit="kWh"),
        _column(
            "registers", pa.string(), "The registers that were read: 1.8.0, or tariffs such as 1.8.1+1.8.2"
        ),
        _column(
            "marks",
            _WORDS,
            "gap (slots are missing inside), reset (the counter fell), meter_change (other registers, or it "
            "fell and counts in other steps), jump (more than the largest connection can carry), "
            "unsynchronized (a moment is not known from a synchronized clock)",
        ),
    ]
)

_CONTEXT = pa.schema(
    [
        _HOUSEHOLD,
        _column("consent", pa.string(), "granted, or revoked: what was measured before stays"),
        _column("anonymized", pa.bool_(), "Whether place and installations are blurred for good"),
        _column("region", pa.string(), "NUTS code, or its beginning; empty where unknown", empty=True),
        _column("latitude", pa.float64(), "WGS 84, north; empty: the region instead", unit="°", empty=True),
        _column("longitude", pa.float64(), "WGS 84, east; empty: the region instead", unit="°", empty=True),
        _column("persons", pa.string(), "Persons in the household: 1, 2, 3-4 or 5+", empty=True),
        _column("children", pa.int16(), "Children in the household", empty=True),
        _column("adults", pa.int16(), "Adults in the household", empty=True),
        _column("adults_with_job", pa.int16(), "Adults who have a job", empty=True),
        _column("ev_charger", pa.bool_(), "Whether an electric car is charged there", empty=True),
        _column("heat_pump", pa.bool_(), "Whether there is a heat pump", empty=True),
        _column("home_battery", pa.bool_(), "Whether there is a battery for the home", empty=True),
    ]
)

_PV_SYSTEMS = pa.schema(
    [
        _HOUSEHOLD,
        _column("pv_system", pa.string(), "Pseudonym of the photovoltaic system"),
        _column("nominal_power", pa.float64(), "Nominal power; empty: its class", unit="kW", empty=True),
        _column("power_from", pa.float64(), "The nominal power is above this", unit="kW", empty=True),
        _column("power_to", pa.float64(), "... and at most this; empty: no limit", unit="kW", empty=True),
        _column("azimuth", pa.float64(), "0 north, 90 east; the middle of its class", unit="°", empty=True),
        _column("tilt", pa.float64(), "0 flat, 90 upright; the middle of its class", unit="°", empty=True),
        _column(
            "installed_on", pa.date32(), "Day of installation, or the first day of its class", empty=True
        ),
        _column("meters", _WORDS, "Pseudonyms of the generation meters that count it"),
    ]
)

_METERS = pa.schema(
    [
        _HOUSEHOLD,
        _METER,
        _column("meter_type", pa.string(), "ELECTRICITY (at the grid) or PV_GENERATION"),
        _column("model", pa.string(), "Model of the meter: MT681, MT175, EHZ, DD3 or EASY"),
    ]
)

_GAPS = pa.schema(
    [
        _HOUSEHOLD,
        _METER,
        _column("from_slot", _TIME, "First missing slot, UTC"),
        _column("to_slot", _TIME, "Last missing slot, UTC"),
        _column("slots", pa.int32(), "How many slots are missing"),
        _column(
            "cause",
            pa.string(),
            "meter_silent, head_unplugged, checksum, locked, no_consent, device_off, clock_unknown or "
            "storage",
        ),
    ]
)

TABLES: dict[TableName, Table] = {
    "measurements": Table(
        "Readings of electricity and generation meters",
        "One row for each reading of each measurement, ordered by slot and meter. A measurement is made "
        "every 15 minutes. The quantity is value * 10^scaler in the unit, exactly as the meter sent it.",
        _MEASUREMENTS,
    ),
    "intervals": Table(
        "Energy between measurements",
        "One row for each meter, quantity and pair of neighbouring measurements that both lie in the period "
        "(its end included), ordered by `until` and meter. Nothing is estimated, nothing is negative.",
        _INTERVALS,
    ),
    "context": Table("Households", "One row for each household.", _CONTEXT),
    "pv_systems": Table("Photovoltaic systems", "One row for each system of a household.", _PV_SYSTEMS),
    "meters": Table("Meters", "One row for each meter of a household.", _METERS),
    "gaps": Table(
        "Missing slots",
        "One row for each run of missing slots between grant and revocation that begins in the period and "
        "has ended, ordered by its first slot and meter.",
        _GAPS,
    ),
}


def schema_of(table: TableName) -> pa.Schema:
    """The columns of a table, in their order."""
    return TABLES[table].schema

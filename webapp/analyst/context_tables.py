"""What analysts may know of households besides their measurements, as flat tables. Pure."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from couch.documents import Context
from webapp.analyst.anonymity.generalised import General
from webapp.analyst.selection import TableName
from webapp.analyst.table_schemas import schema_of

Row = dict[str, Any]


def context_rows(
    table: TableName, contexts: Iterable[Context], told: Iterable[General] = ()
) -> pa.RecordBatch:
    """The rows of `context`, `pv_systems` or `meters`, by the pseudonyms of household and thing.

    `told`: the same households as they may go out; nothing is told of one that is missing there.
    """
    general = {each.household: each for each in told}
    make = {"context": _households, "pv_systems": _pv_systems, "meters": _meters}[table]
    rows = [
        row
        for context in sorted(contexts, key=lambda each: each.household)
        for row in make(context, general.get(context.household) or General(context.household))
    ]
    return pa.RecordBatch.from_pylist(rows, schema=schema_of(table))


def _households(context: Context, told: General) -> list[Row]:
    return [
        {
            "household": context.household,
            "consent": context.consent.value,
            "anonymized": context.anonymized,
            "region": told.region,
            "latitude": told.latitude,
            "longitude": told.longitude,
            "persons": told.persons,
            "children": told.children,
            "adults": told.adults,
            "adults_with_job": told.adults_with_job,
            "ev_charger": told.ev_charger,
            "heat_pump": told.heat_pump,
            "home_battery": told.home_battery,
        }
    ]


def _pv_systems(context: Context, told: General) -> list[Row]:
    return [
        {
            "household": context.household,
            "pv_system": system.pv_system,
            "nominal_power": system.nominal_power_kw,
            "power_from": system.power_from_kw,
            "power_to": system.power_to_kw,
            "azimuth": system.azimuth_deg,
            "tilt": system.tilt_deg,
            "installed_on": system.installed_on,
            "meters": list(system.meters),
        }
        for system in sorted(told.systems, key=lambda each: each.pv_system)
    ]


def _meters(context: Context, _told: General) -> list[Row]:
    return [
        {
            "household": context.household,
            "meter": meter.meter,
            "meter_type": meter.meter_type,
            "model": meter.model,
        }
        for meter in sorted(context.meters, key=lambda each: each.meter)
    ]

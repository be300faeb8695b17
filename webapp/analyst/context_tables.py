"""What analysts may know of households besides their measurements, as flat tables. Pure."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from couch.documents import Context
from webapp.analyst.selection import TableName
from webapp.analyst.table_schemas import schema_of

Row = dict[str, Any]


def context_rows(table: TableName, contexts: Iterable[Context]) -> pa.RecordBatch:
    """The rows of `context`, `pv_systems` or `meters`, by the pseudonyms of household and thing."""
    make = {"context": _households, "pv_systems": _pv_systems, "meters": _meters}[table]
    rows = [row for context in sorted(contexts, key=lambda each: each.household) for row in make(context)]
    return pa.RecordBatch.from_pylist(rows, schema=schema_of(table))


def _households(context: Context) -> list[Row]:
    place, answers = context.location, context.metadata
    return [
        {
            "household": context.household,
            "consent": context.consent.value,
            "anonymized": context.anonymized,
            "latitude": None if place is None else place.latitude,
            "longitude": None if place is None else place.longitude,
            "children": None if answers is None else answers.children,
            "adults": None if answers is None else answers.adults,
            "adults_with_job": None if answers is None else answers.adults_with_job,
            "ev_charger": None if answers is None else answers.ev_charger,
            "heat_pump": None if answers is None else answers.heat_pump,
            "home_battery": None if answers is None else answers.home_battery,
        }
    ]


def _pv_systems(context: Context) -> list[Row]:
    return [
        {
            "household": context.household,
            "pv_system": system.pv_system,
            "nominal_power": system.nominal_power_kw,
            "azimuth": system.azimuth_deg,
            "tilt": system.tilt_deg,
            "installed_on": system.installed_on,
            "meters": list(system.meters),
        }
        for system in sorted(context.pv_systems, key=lambda each: each.pv_system)
    ]


def _meters(context: Context) -> list[Row]:
    return [
        {
            "household": context.household,
            "meter": meter.meter,
            "meter_type": meter.meter_type,
            "model": meter.model,
        }
        for meter in sorted(context.meters, key=lambda each: each.meter)
    ]

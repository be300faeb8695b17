"""Quantities for display. They are exact until here; only the last step rounds."""

from flask import Flask

from couch.documents import Reading
from webapp.numbers import kwh, number
from webapp.translation import marked

# What the codes of electricity meters mean (IEC 62056-61, groups C.D.E).
MEANINGS = {
    "1.8.0": marked("Energy drawn from the grid"),
    "1.8.1": marked("Energy drawn from the grid, tariff 1"),
    "1.8.2": marked("Energy drawn from the grid, tariff 2"),
    "2.8.0": marked("Energy fed into the grid"),
    "2.8.1": marked("Energy fed into the grid, tariff 1"),
    "2.8.2": marked("Energy fed into the grid, tariff 2"),
    "1.7.0": marked("Power drawn from the grid"),
    "2.7.0": marked("Power fed into the grid"),
    "15.7.0": marked("Power, without sign"),
    "16.7.0": marked("Power, negative when feeding in"),
    "36.7.0": marked("Power of phase 1"),
    "56.7.0": marked("Power of phase 2"),
    "76.7.0": marked("Power of phase 3"),
    "32.7.0": marked("Voltage of phase 1"),
    "52.7.0": marked("Voltage of phase 2"),
    "72.7.0": marked("Voltage of phase 3"),
}
# A generation meter counts what the panels make in the registers of a meter that feeds in.
GENERATION_MEANINGS = MEANINGS | {
    "1.8.0": marked("Energy drawn by the system itself"),
    "2.8.0": marked("Energy generated"),
    "2.7.0": marked("Power generated"),
    "16.7.0": marked("Power, negative when generating"),
}


def install(app: Flask) -> None:
    """Give templates the filters `quantity`, `meaning` and `short_code`."""
    app.add_template_filter(quantity, "quantity")
    app.add_template_filter(meaning, "meaning")
    app.add_template_filter(short_code, "short_code")


def short_code(obis: str) -> str:
    """`0100010800ff` as `1.8.0`, the form printed on meters."""
    return ".".join(str(part) for part in bytes.fromhex(obis)[2:5])


def meaning(obis: str, meter_type: str) -> str:
    """What a code means on such a meter, marked for translation; empty when this version does not know."""
    table = GENERATION_MEANINGS if meter_type == "PV_GENERATION" else MEANINGS
    return table.get(short_code(obis), "")


def quantity(reading: Reading) -> str:
    """`1,234.567 kWh`, `-356.2 W`: energy to the watt-hour in kWh, the rest as exact as it was sent."""
    if reading.unit == "Wh":
        return kwh(reading.quantity, min(3, max(0, 3 - reading.scaler)))  # no more digits than the meter sent
    shown = number(reading.quantity, min(3, max(0, -reading.scaler)))
    return f"{shown} {reading.unit}" if reading.unit else shown

"""Quantities are exact until they are shown."""

import pytest

from couch.documents import Reading
from webapp.quantities import meaning, quantity, short_code


@pytest.mark.parametrize(
    ("value", "scaler", "unit", "shown"),
    [
        (12525688570, -5, "Wh", "125.257 kWh"),
        (1234567, 0, "Wh", "1,234.567 kWh"),
        (10001, 3, "Wh", "10,001 kWh"),
        (123, 2, "Wh", "12.3 kWh"),
        (-3562, -1, "W", "-356.2 W"),
        (-2, -4, "W", "0.000 W"),
        (2301, -1, "V", "230.1 V"),
        (7, 0, None, "7"),
        (9223372036854775807, 24, "W", "9,223,372,036,854,775,807" + ",000" * 8 + " W"),
    ],
)
def test_a_quantity_is_shown_with_the_digits_that_the_meter_sent(
    value: int, scaler: int, unit: str | None, shown: str
) -> None:
    assert quantity(Reading(obis="0100010800ff", value=value, scaler=scaler, unit=unit)) == shown


def test_codes_are_shown_as_meters_print_them() -> None:
    assert short_code("0100010800ff") == "1.8.0"
    assert short_code("01000f0700ff") == "15.7.0"


def test_a_generation_meter_generates_what_a_grid_meter_feeds_in() -> None:
    assert meaning("0100020800ff", "ELECTRICITY") == "Energy fed into the grid"
    assert meaning("0100020800ff", "PV_GENERATION") == "Energy generated"
    assert meaning("010060320101", "ELECTRICITY") == ""

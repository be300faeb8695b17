"""Numbers as the reader's language writes them: `1,234.5` in English, `1.234,5` in German."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from flask import Flask

from webapp.translation import language

Number = Decimal | int | float

NOTHING = "–"  # stands where there is no value
_ROOMY = Context(prec=80)  # a counter of 64 bits with a scaler of 24 fits
_WATTHOURS_IN_KWH = Decimal(1000)
# What English writes, exchanged for what the language writes: between thousands, before decimals.
_MARKS = {"en": ",.", "de": ".,"}
_SIGNS_OF_PERCENT = {"en": "%", "de": " %"}


def install(app: Flask) -> None:
    """Give templates the filters `number`, `percent`, `kwh` and `watts`."""
    app.add_template_filter(number, "number")
    app.add_template_filter(percent, "percent")
    app.add_template_filter(kwh, "kwh")
    app.add_template_filter(watts, "watts")


def number(value: Number | None, places: int = 0) -> str:
    """`value` rounded to `places` decimals (half to even); a dash for None."""
    return NOTHING if value is None else _in_language(_rounded(value, places))


def percent(share: Number | None, places: int = 0) -> str:
    """A share (0 to 1) as `43%`, in German `43 %`."""
    if share is None:
        return NOTHING
    return number(_exact(share) * 100, places) + _SIGNS_OF_PERCENT[language()]


def kwh(watthours: Number | None, places: int = 1) -> str:
    """Watt-hours as `12.3 kWh`."""
    return _with_unit(None if watthours is None else _exact(watthours) / _WATTHOURS_IN_KWH, places, "kWh")


def watts(power: Number | None, places: int = 0) -> str:
    """Watts as `1,250 W`."""
    return _with_unit(power, places, "W")


def _with_unit(value: Number | None, places: int, unit: str) -> str:
    return NOTHING if value is None else f"{number(value, places)} {unit}"


def _exact(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _rounded(value: Number, places: int) -> str:
    shown = _exact(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, _ROOMY)
    return f"{shown if shown else abs(shown):,f}"  # no reader knows what -0 is


def _in_language(english: str) -> str:
    return english.translate(str.maketrans(",.", _MARKS[language()]))

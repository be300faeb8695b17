"""One line of a text telegram (IEC 62056-21 mode D): `1-0:1.8.0*255(000123.4567890*kWh)`.

There is no checksum, so the form of the line and the plausibility of its content are all the protection: what
does not match exactly is no entry.
"""

import re

from edge.obis_codes import to_hex
from edge.telegrams import Entry

_LINE = re.compile(
    r"(\d{1,3})-(\d{1,3}):(\d{1,3})\.(\d{1,3})\.(\d{1,3})\*(\d{1,3})"
    r"\((?:([+-]?)(\d{1,15})(?:\.(\d{1,12}))?\*([A-Za-z]{1,5})|([0-9A-Za-z .:_-]{0,32}))\)",
    re.ASCII,
)
_UNITS = {  # as sent -> as documents name it, and the power of ten between them
    "kWh": ("Wh", 3),
    "Wh": ("Wh", 0),
    "kW": ("W", 3),
    "W": ("W", 0),
    "kvarh": ("varh", 3),
    "varh": ("varh", 0),
    "kvar": ("var", 3),
    "var": ("var", 0),
    "kVA": ("VA", 3),
    "VA": ("VA", 0),
    "V": ("V", 0),
    "A": ("A", 0),
    "Hz": ("Hz", 0),
    "deg": ("°", 0),
}
_COUNTER, _MOMENTARY = 8, 7  # group D
_ENERGIES = ("Wh", "varh")
_ELECTRICITY = 1


def entry_of(line: bytes) -> Entry | None:
    """The entry of a line without its line end; None where the line is not exactly one.

    Decimals become the scaler, so nothing is rounded; kWh become Wh by the scaler alone.
    """
    match = _LINE.fullmatch(line.decode("latin-1"))
    if match is None:
        return None
    groups = tuple(int(group) for group in match.groups()[:6])
    if max(groups) > 255:
        return None
    sign, whole, decimals, unit, text = match.groups()[6:]
    code = _code(groups)
    if unit is None:
        # a counter or a momentary value that lost its number is no text
        return None if _is_quantity(groups) else Entry(code, text, None, None, line)
    if unit not in _UNITS or not _plausible(groups, sign, _UNITS[unit][0]):
        return None
    name, power_of_ten = _UNITS[unit]
    fraction = decimals or ""
    return Entry(code, int(sign + whole + fraction), power_of_ten - len(fraction), name, line)


def _code(groups: tuple[int, ...]) -> str:
    a, b, c, d, e, f = groups
    if a == _ELECTRICITY and d == _MOMENTARY and e == 255:
        e = 0  # EasyMeter Q3D up to V3.03 means the same by it
    return to_hex((a, b, c, d, e, f))


def _plausible(groups: tuple[int, ...], sign: str, unit: str) -> bool:
    """Counters count energy and never below zero; momentary values are no energy."""
    if not _is_quantity(groups):
        return True
    if groups[3] == _COUNTER:
        return unit in _ENERGIES and sign != "-"
    return unit not in _ENERGIES


def _is_quantity(groups: tuple[int, ...]) -> bool:
    return groups[0] == _ELECTRICITY and groups[3] in (_COUNTER, _MOMENTARY)

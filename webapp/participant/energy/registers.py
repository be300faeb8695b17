"""What a measurement says of energy and power, whatever codes the meter uses for it.

The map function `page/amounts_by_day_meter` chooses in the same way; a test holds the two together.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal

from couch.documents import Reading

Direction = Literal["import", "export"]

_COUNTER = re.compile("01000[12]08..ff")  # 1.8.E and 2.8.E; F other than 255 is a value of an earlier month
_EXPORT_POWER = "0100020700ff"  # 2.7.0
# The first group of which a meter sends one tells its power (IEC 62056-61).
_POWERS = (
    ("0100100700ff",),  # 16.7.0, negative when feeding in
    ("0100010700ff", _EXPORT_POWER),  # 1.7.0 (signed on some text meters, which send no 2.7.0)
    ("0100010701ff",),  # 1.7.1, all that some EMH meters send
    ("0100240700ff", "0100380700ff", "01004c0700ff"),  # 36.7.0, 56.7.0, 76.7.0: phases
    ("0100150700ff", "0100290700ff", "01003d0700ff"),  # 21.7.0, 41.7.0, 61.7.0: drawn by phase
    ("01000f0700ff",),  # 15.7.0, without sign
)


def counters(readings: Iterable[Reading]) -> Mapping[str, Reading]:
    """The counters by code: 1.8.0 and 2.8.0; tariffs (1.8.1, ...) where the total is not sent."""
    found = {one.obis: one for one in readings if one.unit == "Wh" and _COUNTER.fullmatch(one.obis)}
    return {code: one for code, one in found.items() if code == total_of(code) or total_of(code) not in found}


def total_of(code: str) -> str:
    """The code of the total that a tariff belongs to: 1.8.0 for 1.8.2."""
    return f"{code[:8]}00ff"


def direction(code: str) -> Direction:
    """Which way a counter counts."""
    return "import" if code[4:6] == "01" else "export"


def power(readings: Iterable[Reading]) -> Decimal | None:
    """The power in W as the meter sent it, negative where it flows out; None where it sends none."""
    found = {one.obis: one.quantity for one in readings if one.unit == "W"}
    for codes in _POWERS:
        sent = [code for code in codes if code in found]
        if sent:
            return sum((-found[code] if code == _EXPORT_POWER else found[code] for code in sent), Decimal(0))
    return None

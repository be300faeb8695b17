"""Power that DZG DVS-7412.2 meters send with a wrong type.

Up to three bytes are an unsigned number under the tag of a signed one: `53 8b28` means +356.24 W. Which
meters do so follows from the serial number alone (libsml, sml_list.c, detect_buggy_dzg_dvs74); some in the
ranges really send short negative numbers (libsml issue 105), so a corrected value is marked. A corrected
value has its highest bit set in the width it was sent in: with n = value.bit_length() / 8 bytes the meter
literally sent value - 256**n.
"""

from dataclasses import replace

from edge.meter_number import meter_number
from edge.obis_codes import POWER
from edge.telegrams import Entry

_RANGES = (range(42_000_000, 49_000_000), range(55_000_000, 59_000_000))
_SIGNED_SHORT = {0x52: 1, 0x53: 2, 0x54: 3}  # tag and bytes of the value


def has_defect(server_id: str) -> bool:
    """Whether a meter with this server id (hex) is one of those."""
    number = meter_number(server_id)
    if number is None or number.maker != "DZG" or number.block != 0:
        return False
    return any(number.serial in serials for serials in _RANGES)


def corrected(entry: Entry) -> Entry:
    """The entry as such a meter meant it; the same entry where nothing is wrong with it."""
    width = _SIGNED_SHORT.get(entry.sent[0]) if entry.sent else None
    if entry.obis != POWER or width is None or not isinstance(entry.value, int) or entry.value >= 0:
        return entry
    return replace(entry, value=entry.value + (1 << 8 * width))

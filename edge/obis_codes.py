"""OBIS codes of interest (IEC 62056-61): six bytes A-B:C.D.E*F, in lower-case hex as documents hold them.

Meters name the same quantity by different codes: old EMH and Dr. Neuhaus meters send power as 15.7.0, some
count in tariff registers only, EasyMeter's single-phase models send 21.7.0 and no total.
"""

IMPORT_ENERGY = "0100010800ff"  # 1.8.0, Wh
EXPORT_ENERGY = "0100020800ff"  # 2.8.0, Wh
IMPORT_POWER = "0100010700ff"  # 1.7.0, W; signed total on EasyMeter Q3D
IMPORT_POWER_TARIFF = "0100010701ff"  # 1.7.1, W; all the power that some EMH meters send
EXPORT_POWER = "0100020700ff"  # 2.7.0, W
ABSOLUTE_POWER = "01000f0700ff"  # 15.7.0, W; never negative
POWER = "0100100700ff"  # 16.7.0, W; negative when feeding in

IMPORT_TARIFFS = ("0100010801ff", "0100010802ff")  # 1.8.1, 1.8.2
EXPORT_TARIFFS = ("0100020801ff", "0100020802ff")  # 2.8.1, 2.8.2
PHASE_POWERS = ("0100240700ff", "0100380700ff", "01004c0700ff")  # 36.7.0, 56.7.0, 76.7.0
PHASE_IMPORT_POWERS = ("0100150700ff", "0100290700ff", "01003d0700ff")  # 21.7.0, 41.7.0, 61.7.0
PHASE_VOLTAGES = ("0100200700ff", "0100340700ff", "0100480700ff")  # 32.7.0, 52.7.0, 72.7.0, V

METER_NUMBER = "0100000000ff"  # 0.0.0, the owner's number
DEVICE_NUMBERS = ("0100600100ff", "00006001ffff")  # 96.1.0; 0-0:96.1.255 on EasyMeter Q3D
SERVER_ID = "0100000009ff"  # 0.0.9, the server id of older SML meters
SECONDS_OF_OPERATION = "0000600800ff"  # 0-0:96.8.0, hex

DEFAULT_KEEP = (
    IMPORT_ENERGY,
    *IMPORT_TARIFFS,
    EXPORT_ENERGY,
    *EXPORT_TARIFFS,
    IMPORT_POWER,
    IMPORT_POWER_TARIFF,
    EXPORT_POWER,
    ABSOLUTE_POWER,
    POWER,
    *PHASE_POWERS,
    *PHASE_IMPORT_POWERS,
)
"""Every energy and power that some meter sends under no other code.

Voltages are neither: a survey that wants them names PHASE_VOLTAGES in the meter's `keep`.
"""


def is_energy(obis: str) -> bool:
    """An energy counter: 1.8.E or 2.8.E, in any tariff."""
    return obis[:4] == "0100" and obis[4:6] in ("01", "02") and obis[6:8] == "08"


def is_power(obis: str) -> bool:
    """A momentary active power, in total or of one phase."""
    return obis[:4] == "0100" and obis[6:8] == "07" and int(obis[4:6], 16) in _POWER_GROUPS


def short_name(obis: str) -> str:
    """`1-0:1.8.0*255` for `0100010800ff`, as people and text telegrams write it."""
    a, b, c, d, e, f = bytes.fromhex(obis)
    return f"{a}-{b}:{c}.{d}.{e}*{f}"


def to_hex(groups: tuple[int, int, int, int, int, int]) -> str:
    """The code of the six groups A to F, each 0 to 255."""
    return bytes(groups).hex()


_POWER_GROUPS = frozenset((1, 2, 15, 16, 21, 22, 36, 41, 42, 56, 61, 62, 76))  # group C

"""Where a head is: `serial:///dev/ttyUSB0`, `sim://grid?seed=1`, `replay:///captures/meter.bin?loop=1`."""

from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from couch.errors import Fault

EXAMPLES = (
    "serial:///dev/ttyUSB0, sim://grid?seed=1&pv_kw=8&battery_kwh=10, replay:///captures/meter.bin?loop=1"
)
_Flag = Literal[0, 1]


class SerialAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A serial port with an optical head on it."""

    path: str
    baud: Annotated[int, msgspec.Meta(ge=300, le=921_600)] = 9600


class ReplayAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A capture that is sent at the speed of a serial line; `loop` 1 begins again at its end."""

    path: str
    loop: _Flag = 1


class SimAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A simulated MT175 in a simulated household. Heads with the same household agree."""

    meter: Literal["grid", "pv"]
    seed: int = 1
    pv_kw: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 8.0
    battery_kwh: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 10.0
    load_kwh: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] = 3500.0  # a year
    interval_s: Annotated[int, msgspec.Meta(ge=1, le=900)] = 2  # between telegrams
    locked: _Flag = 0  # as before the PIN: whole kWh, no power
    fault: Literal["none", "silent", "unplugged", "checksum"] = "none"


HeadAddress = SerialAddress | ReplayAddress | SimAddress
A = TypeVar("A", SerialAddress, ReplayAddress, SimAddress)


def parse_head(url: str) -> HeadAddress:
    """The address that `url` writes. Raises Fault, which says what is wrong and shows examples."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError as err:
        raise Fault(f"the head {url!r} is no address ({err}): write it like {EXAMPLES}") from err
    path = unquote(parts.netloc + parts.path)
    if parts.scheme == "serial":
        return _address(SerialAddress, url, {**options, "path": path})
    if parts.scheme == "replay":
        return _address(ReplayAddress, url, {**options, "path": path})
    if parts.scheme == "sim":
        return _address(SimAddress, url, {**options, "meter": path})
    raise Fault(f"the head {url!r} begins with none of serial, sim, replay: write it like {EXAMPLES}")


def _address(kind: type[A], url: str, fields: dict[str, str]) -> A:
    if not fields.get("path", "there"):
        raise Fault(f"the head {url!r} names no file: write it like {EXAMPLES}")
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as err:
        raise Fault(f"the head {url!r} is wrong: {err}; write it like {EXAMPLES}") from err

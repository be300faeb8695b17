"""The number that is printed on a meter, from its SML server id (DIN 43863-5)."""

from dataclasses import dataclass

_FORMS = (0x09, 0x0A)  # server ids of other forms carry no such number
_LENGTH = 10
_LARGEST = 99_999_999  # eight decimal digits are printed


@dataclass(frozen=True, slots=True)
class MeterNumber:
    """Medium (1 is electricity), three letters of the maker, fabrication block, serial number."""

    medium: int
    maker: str
    block: int
    serial: int

    def __str__(self) -> str:
        """As printed: `1 ISK00 1234 5678`; the block is written in hex."""
        digits = f"{self.serial:08d}"
        return f"{self.medium:X} {self.maker}{self.block:02X} {digits[:4]} {digits[4:]}"

    def server_id(self) -> bytes:
        """The server id that a meter with this number sends."""
        return bytes((_FORMS[1], self.medium)) + self.maker.encode() + bytes((self.block,)) + self._serial()

    def _serial(self) -> bytes:
        return self.serial.to_bytes(4, "big")


def meter_number(server_id: str) -> MeterNumber | None:
    """The number behind a server id (hex), None for ids of another form."""
    raw = bytes.fromhex(server_id)
    if len(raw) != _LENGTH or raw[0] not in _FORMS or not 1 <= raw[1] <= 0xF:
        return None
    maker = raw[2:5]
    serial = int.from_bytes(raw[6:], "big")
    if not (maker.isalpha() and maker.isupper()) or serial > _LARGEST:
        return None
    return MeterNumber(raw[1], maker.decode("ascii"), raw[5], serial)

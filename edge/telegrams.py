"""What a meter said, as one frozen value: the same for every protocol."""

from dataclasses import dataclass
from typing import Protocol

from edge.obis_codes import is_energy, is_power

LOCKED = "locked"
ODD_ENTRY = "odd_entry"
DZG_POWER_UNSIGNED = "dzg_power_unsigned"
WHOLE_KWH = 3  # the scaler, in Wh, at which a locked meter counts


@dataclass(frozen=True, slots=True)
class Entry:
    """One register as sent, after corrections of known defects.

    An integer is a quantity: value * 10**scaler in `unit`; octet strings are lower-case hex (SML), texts
    are as sent (text mode). `scaler` and `unit` are None where the meter named none. `sent` keeps the bytes
    of the value as they came, its type included.
    """

    obis: str
    value: int | bool | str
    scaler: int | None
    unit: str | None
    sent: bytes = b""


@dataclass(frozen=True, slots=True)
class Telegram:
    """A whole telegram whose checksum, where the protocol has one, holds.

    `meter_id` is the number printed on the meter; `meter_seconds` the meter's own seconds index; `odd` the
    codes of entries that could not be read, "" where not even the code could be; `marks` names of doubts.
    """

    server_id: str | None
    meter_id: str | None
    entries: tuple[Entry, ...]
    meter_seconds: int | None = None
    odd: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def locked(self) -> bool:
        """The meter was not unlocked by its PIN: whole kWh and no power at all.

        Missing codes alone would not show it; a locked meter still sends its counters.
        """
        energies = [entry for entry in self.entries if is_energy(entry.obis)]
        coarse = all((entry.scaler or 0) >= WHOLE_KWH for entry in energies)
        return bool(energies) and coarse and not any(is_power(entry.obis) for entry in self.entries)


class TelegramReader(Protocol):
    """Bytes in, telegrams out, in any chunking. One for each head, kept as long as the head lives."""

    bad: int  # telegrams that came but were not whole, since the reader was made

    def feed(self, data: bytes) -> list[Telegram]:
        """The good telegrams that `data` completes."""

    def clear(self) -> None:
        """Forget the beginning of an unfinished telegram."""

    def in_telegram(self) -> bool:
        """Whether a telegram has begun and not ended."""

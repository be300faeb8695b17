"""A simulated MT175 at the grid connection or at the photovoltaic system."""

import hashlib
from typing import Literal

from edge.meter_number import MeterNumber
from edge.obis_codes import EXPORT_ENERGY, IMPORT_ENERGY, POWER
from edge.simulation.household import ORIGIN, Household
from edge.sml_encoder import SentEntry, encode_telegram
from edge.text_encoder import TextLine, encode_text_telegram

_TENTH_WH = 360  # watt-seconds
# the number is made from the seed; the maker's letters show that there is no such meter
_MAKER = "SIM"
_BLOCKS = {"grid": 0x01, "pv": 0x02}


class SimulatedMeter:
    """Telegrams of one meter. The grid meter sends 1.8.0, 2.8.0, 16.7.0; the other 2.8.0 and 16.7.0.

    A meter at a photovoltaic system counts generation as delivery, so its power is negative by day.
    """

    def __init__(
        self,
        household: Household,
        place: Literal["grid", "pv"],
        protocol: Literal["sml", "text_d"] = "sml",
        *,
        seed: int = 1,
        locked: bool = False,
    ) -> None:
        self._household, self._place, self._protocol, self._locked = household, place, protocol, locked
        digest = hashlib.sha256(f"{place}:{seed}".encode()).digest()
        self.number = MeterNumber(1, _MAKER, _BLOCKS[place], int.from_bytes(digest[:4], "big") % 100_000_000)
        self._first = int.from_bytes(digest[4:8], "big") % 100_000_000  # 0.1 Wh counted before the origin
        self._installed = ORIGIN - int.from_bytes(digest[8:12], "big") % 100_000_000

    def telegram(self, moment_s: int) -> bytes:
        """What the meter sends at `moment_s`, seconds since 1970."""
        energies, step = self._household.at(moment_s)
        if self._place == "grid":
            power = step.grid_w
            counters = {
                IMPORT_ENERGY: self._first + energies.imported // _TENTH_WH,
                EXPORT_ENERGY: self._first // 2 + energies.exported // _TENTH_WH,
            }
        else:
            power = -step.pv_w
            counters = {EXPORT_ENERGY: self._first + energies.generated // _TENTH_WH}
        seconds = max(0, moment_s - self._installed)
        write = self._sml if self._protocol == "sml" else self._text
        return write(counters, power, seconds)

    def _sml(self, counters: dict[str, int], power: int, seconds: int) -> bytes:
        server_id = self.number.server_id()
        entries = [
            SentEntry("010060320101", _MAKER.encode()),
            SentEntry("0100600100ff", server_id),
        ]
        for code, tenths in counters.items():
            value, scaler = (tenths // 10_000, 3) if self._locked else (tenths, -1)
            entries.append(SentEntry(code, value, scaler, "Wh"))
        if not self._locked:
            entries.append(SentEntry(POWER, power, 0, "W"))
        return encode_telegram(server_id, entries, seconds=seconds & 0xFFFF_FFFF, transaction=3 * seconds)

    def _text(self, counters: dict[str, int], power: int, seconds: int) -> bytes:
        names = {IMPORT_ENERGY: "1-0:1.8.0*255", EXPORT_ENERGY: "1-0:2.8.0*255"}
        lines = [
            TextLine(names[code], tenths // 10_000, 0, "kWh", 7)
            if self._locked
            else TextLine(names[code], tenths * 10_000, 8, "kWh")
            for code, tenths in counters.items()
        ]
        if not self._locked:
            lines.append(TextLine("1-0:16.7.0*255", power * 100, 2, "W"))
        number = str(self.number).replace(" ", "")
        return encode_text_telegram("SIM5DD3SIMULATED_001", number, lines, seconds=seconds)

"""One meter as the measurement cycle sees it: fresh readings, or the cause of there being none."""

import re
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime

from couch.clock import Clock
from couch.documents import Cause, Reading
from couch.errors import Fault
from edge.decode import Protocol, reader_for
from edge.heads.head import Head, HeadLost
from edge.heads.head_address import parse_head
from edge.heads.opening import open_head
from edge.obis_codes import DEFAULT_KEEP, POWER
from edge.plausibility import doubts
from edge.telegrams import DZG_POWER_UNSIGNED, LOCKED, ODD_ENTRY, Telegram

_FIRST_BACK_OFF_S = 0.5  # a USB head that resets is back after one to two seconds
_LONGEST_BACK_OFF_S = 8.0
_RETRIES_OF_ODD = 2  # a damaged line is whole in the next telegram; a meter's oddity stays
_CODE = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class MeterConfig:
    """A meter's uuid, where its head is, how it speaks, and which codes are kept (hex, six bytes)."""

    meter: str
    head: str
    protocol: Protocol = "sml"
    keep: tuple[str, ...] = DEFAULT_KEEP


@dataclass(frozen=True, slots=True)
class MeterAnswer:
    """Readings of one telegram. `locked`: whole kWh only, the meter waits for its PIN."""

    readings: tuple[Reading, ...]
    meter_seconds: int | None
    marks: tuple[str, ...]
    locked: bool


class MeterFailed(Exception):  # noqa: N818 - named for what happened
    """No reading in this slot; `cause` goes into the gap ledger."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause: Cause = cause


class MeterPort:
    """Reads one meter; the port stays open between readings and is opened anew after it was lost."""

    def __init__(self, config: MeterConfig, clock: Clock) -> None:
        """Raises Fault where the configuration is wrong; opens nothing yet."""
        for code in config.keep:
            if not _CODE.fullmatch(code):
                raise Fault(
                    f"keep holds {code!r}: it takes codes of 12 hex digits, like 0100010800ff for 1.8.0"
                )
        self._config, self._clock = config, clock
        self._address = parse_head(config.head)
        self._reader = reader_for(config.protocol)
        self._head: Head | None = None
        self._closed = threading.Event()
        self._last: tuple[datetime, MeterAnswer] | None = None

    def read(self, timeout_s: float) -> MeterAnswer:
        """The next good telegram that begins after this call and holds a kept code.

        Waits at most `timeout_s` real seconds; a lost port is opened anew within them. Raises MeterFailed.
        """
        deadline = time.monotonic() + timeout_s
        back_off = _FIRST_BACK_OFF_S
        while True:
            try:
                return self._doubted(self._attempt(deadline))
            except HeadLost as err:
                self._close_head()
                if deadline - time.monotonic() <= back_off or self._closed.wait(back_off):
                    raise MeterFailed(
                        "head_unplugged",
                        f"{err}. Check the head's plug and the address in the configuration.",
                    ) from err
                back_off = min(2 * back_off, _LONGEST_BACK_OFF_S)

    def close(self) -> None:
        """Give the port back, for good; a read that waits ends soon."""
        self._closed.set()
        self._close_head()

    def _attempt(self, deadline: float) -> MeterAnswer:
        if self._closed.is_set():
            raise HeadLost("the port was closed")
        if self._head is None:
            self._head = open_head(self._address, self._config.protocol, self._clock)
        self._head.flush()
        self._reader.clear()
        bad_before, heard = self._reader.bad, False
        unwanted: Telegram | None = None
        doubtful: list[MeterAnswer] = []
        while (left := deadline - time.monotonic()) > 0 and not self._closed.is_set():
            data = self._head.read(left)
            heard = heard or bool(data)
            for telegram in self._reader.feed(data):
                answer = self._answer(telegram)
                if not answer.readings:
                    unwanted = telegram
                elif ODD_ENTRY not in answer.marks or len(doubtful) == _RETRIES_OF_ODD:
                    return answer
                else:
                    doubtful.append(answer)
        if doubtful:
            return doubtful[-1]
        raise self._failure(unwanted, broken=self._reader.bad > bad_before, heard=heard)

    def _answer(self, telegram: Telegram) -> MeterAnswer:
        readings: dict[str, Reading] = {}
        for entry in telegram.entries:
            wanted = entry.obis in self._config.keep and entry.obis not in readings
            if wanted and isinstance(entry.value, int) and not isinstance(entry.value, bool):
                readings[entry.obis] = Reading(
                    obis=entry.obis, value=entry.value, scaler=entry.scaler or 0, unit=entry.unit
                )
        marks = [mark for mark in telegram.marks if mark != DZG_POWER_UNSIGNED or POWER in readings]
        if telegram.locked:
            marks.append(LOCKED)
        if any(code in ("", *self._config.keep) for code in telegram.odd):
            marks.append(ODD_ENTRY)
        return MeterAnswer(tuple(readings.values()), telegram.meter_seconds, tuple(marks), telegram.locked)

    def _doubted(self, answer: MeterAnswer) -> MeterAnswer:
        """The answer with marks for what contradicts the answer before; after a start there is none."""
        now = self._clock.now()
        before, self._last = self._last, (now, answer)
        if before is None:
            return answer
        found = doubts(before[1].readings, answer.readings, (now - before[0]).total_seconds())
        return replace(answer, marks=(*answer.marks, *found))

    def _failure(self, unwanted: Telegram | None, *, broken: bool, heard: bool) -> MeterFailed:
        head = self._config.head.partition("?")[0]
        if unwanted is not None and unwanted.locked:
            return MeterFailed(
                "locked", f"the meter at {head} is locked and sends none of the codes kept: enter its PIN."
            )
        if unwanted is not None:
            return MeterFailed(
                "meter_silent", f"the meter at {head} sends none of the codes kept: see `keep` of this meter."
            )
        if broken or self._reader.in_telegram():
            return MeterFailed(
                "checksum",
                f"{head} got no whole telegram. If it repeats, reseat the head and check the protocol.",
            )
        if heard:
            return MeterFailed(
                "meter_silent",
                f"{head} hears only noise: seat the head on the meter's diode and check the protocol.",
            )
        return MeterFailed("meter_silent", f"{head} hears nothing: is the head on the meter's diode?")

    def _close_head(self) -> None:
        if self._head is not None:
            self._head.close()
            self._head = None

"""Figures over all households, read in the background: no page waits for the database to count them.

One thread does the reading for all of them, one after the other, so that pages and devices keep the database.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from couch.errors import CouchError

T = TypeVar("T")
Work = Callable[[], None]
_AGAIN_S = 30.0  # after a failure
_log = logging.getLogger(__name__)


class Background:
    """Calls what is submitted, in order, in one daemon thread that begins with the first."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, work: Work) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="figures", daemon=True)
                self._thread.start()
        self._work.put(work)

    def _run(self) -> None:
        while True:
            work = self._work.get()
            try:
                work()
            except Exception:  # noqa: BLE001 - whatever it is, the thread must live
                _log.exception("figures could not be read; pages go on with those that they have")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A value and for how long it has been known, in real time."""

    value: T
    age: timedelta


class Refreshed(Generic[T]):
    """A value that is read anew in the background when somebody asks for it and it has become old.

    `read` gets the value that stands (None: there is none yet) and gives the one of now; it may raise
    CouchError. `submit` hands work to the background.
    """

    def __init__(
        self,
        read: Callable[[T | None], T],
        submit: Callable[[Work], None],
        *,
        every_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._submit, self._every_s, self._monotonic = read, submit, every_s, monotonic
        self._lock = threading.Lock()
        self._value: T | None = None
        self._read_at = 0.0
        self._due_at = -float("inf")
        self._reading = False
        self._there = threading.Event()

    def get(self, wait_s: float = 0.0) -> Kept[T] | None:
        """The value as it stands; None while there is none, after at most `wait_s` of waiting for it."""
        with self._lock:
            begin = not self._reading and self._monotonic() >= self._due_at
            self._reading = self._reading or begin
        if begin:
            self._submit(self._refresh)
        if self._value is None and wait_s > 0:
            self._there.wait(wait_s)
        value = self._value
        return None if value is None else Kept(value, timedelta(seconds=self._monotonic() - self._read_at))

    def _refresh(self) -> None:
        due_in_s = _AGAIN_S
        try:
            began = self._monotonic()
            self._value = self._read(self._value)
            self._read_at, due_in_s = began, self._every_s
            self._there.set()
        except CouchError as err:
            _log.warning("figures could not be read: %s They are read again in a while.", err)
        finally:
            with self._lock:
                self._reading = False
                self._due_at = self._monotonic() + due_in_s

"""What the worker counts and times. Numbers only: no household, meter or document is named."""

import bisect
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

BOUNDS_S = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0, 1800.0)


@dataclass(slots=True)
class Durations:
    """How long something took: how often up to each of `BOUNDS_S`, above, and in sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect.bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds


class Metrics:
    """Counters and durations for several threads.

    Counters: visits, documents (changes read), measurements, gaps, parked, consent_raised, failures,
    given_up, leases_lost, erased, remade_again. Durations: visit, and step_<name> of a revocation's steps.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._durations: dict[str, Durations] = defaultdict(Durations)

    def add(self, name: str, amount: int = 1) -> None:
        with self._lock:
            self._counts[name] += amount

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note how long the block takes, whatever comes of it."""
        began = self._monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._durations[name].add(self._monotonic() - began)

    def __getitem__(self, name: str) -> int:
        with self._lock:
            return self._counts[name]

    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)

    def durations(self) -> dict[str, Durations]:
        with self._lock:
            return {name: Durations(list(one.counts), one.sum_s) for name, one in self._durations.items()}

    def line(self) -> str:
        """All counters in one line, sorted by name."""
        counts = self.counts()
        return " ".join(f"{name}={counts[name]}" for name in sorted(counts)) or "nothing yet"

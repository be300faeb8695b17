"""What the worker counts. Numbers only: no household, meter or document is named."""

import threading
from collections import Counter


class Metrics:
    """Counters for several threads.

    Names: visits, documents (changes read), measurements, gaps, parked, consent_raised, failures, given_up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1) -> None:
        with self._lock:
            self._counts[name] += amount

    def __getitem__(self, name: str) -> int:
        with self._lock:
            return self._counts[name]

    def line(self) -> str:
        """All counters in one line, sorted by name."""
        with self._lock:
            return " ".join(f"{name}={self._counts[name]}" for name in sorted(self._counts)) or "nothing yet"

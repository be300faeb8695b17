"""One connection a thread: the couch client's servers are not shared between threads."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerThread(Generic[T]):
    """Makes its value at the first use in each thread and keeps it there."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._local = threading.local()

    def __call__(self) -> T:
        if not hasattr(self._local, "value"):
            self._local.value = self._make()
        value: T = self._local.value
        return value

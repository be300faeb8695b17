"""An iteration done in a thread of its own, so that its next items are on their way while one is used."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
_LOOK_S = 0.2  # how long an abandoned reader waits before it sees that


class _End:
    """No more items; `error`: why, where it is no good reason."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def read_ahead(begin: Callable[[], Iterable[T]], *, waiting: int = 1) -> Iterator[T]:
    """The items of `begin()`, which is called in the thread; at most `waiting` of them wait.

    What the thread raises is raised here. When this iteration is given up, the thread ends at its next item.
    """
    items: queue.Queue[T | _End] = queue.Queue(waiting)
    stop = threading.Event()

    def put(item: T | _End) -> bool:
        while not stop.is_set():
            try:
                items.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in begin():
                if not put(item):
                    return
        except BaseException as err:  # noqa: BLE001 - raised again where the items are used
            put(_End(err))
        else:
            put(_End())

    threading.Thread(target=work, name="reading ahead", daemon=True).start()
    try:
        while not isinstance(item := items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()

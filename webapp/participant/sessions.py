"""The sessions of a device's page, in memory: few, short, over when the page starts or gets a new code."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from webapp.session_cookie import new_token, token_hash
from webapp.site import Entered, SignedIn

_MOST = 100  # sessions of one household; the oldest goes


@dataclass(slots=True)
class _Session:
    roles: tuple[str, ...]
    key: str
    began_at: float
    seen_at: float


class PageSessions:
    """A session ends `idle_s` after it was last used, at the latest after `longest_s`; real seconds.

    `key`: changes when sessions opened before must end. `monotonic`: a clock that nobody sets.
    """

    def __init__(
        self,
        key: Callable[[], str],
        *,
        idle_s: float,
        longest_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key, self._idle_s, self._longest_s, self._monotonic = key, idle_s, longest_s, monotonic
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, entered: Entered) -> str:
        token, now = new_token(), self._monotonic()
        with self._lock:
            self._sessions[token_hash(token)] = _Session(entered.roles, self._key(), now, now)
            if len(self._sessions) > _MOST:
                self._sessions.popitem(last=False)
        return token

    def find(self, token: str) -> SignedIn | None:
        now, key = self._monotonic(), self._key()
        with self._lock:
            known = self._sessions.get(token_hash(token))
            if known is None:
                return None
            if (
                known.key != key
                or now - known.began_at >= self._longest_s
                or now - known.seen_at >= self._idle_s
            ):
                del self._sessions[token_hash(token)]
                return None
            known.seen_at = now
            return SignedIn(known.roles, "", token)

    def end(self, token: str) -> None:
        with self._lock:
            self._sessions.pop(token_hash(token), None)

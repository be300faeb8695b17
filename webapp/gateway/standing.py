"""How a certificate and its household stand now: looked up, and remembered for some seconds.

What is remembered is old by at most `KEPT_S`: so long a revoked certificate may go on (a minute is the limit
that the survey promises), and so long a device may still be told nothing of an erasure.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from couch.bootstrap import security_consent
from couch.certificate import CertificateFacts
from couch.documents import ConsentState
from couch.documents.fields import Json

KEPT_S = 5.0
_ENTRIES = 20_000

Verdict = Literal["good", "revoked", "unknown"]
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Standing:
    """`verdict`: what the authority's records say of the certificate; the rest is its household's."""

    verdict: Verdict
    erased: bool
    consent: ConsentState


class Standings:
    """Looks standings up; safe to share between threads.

    `verdict` asks the authority's records about a certificate, `security` gives the `_security` object of a
    household's database. What they raise is passed on, and remembered by nobody.
    """

    def __init__(
        self,
        *,
        verdict: Callable[[CertificateFacts], Verdict],
        security: Callable[[str], Json],
        kept_s: float = KEPT_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verdicts = _Kept(verdict, kept_s, monotonic)
        self._securities = _Kept(security, kept_s, monotonic)

    def of(self, facts: CertificateFacts) -> Standing:
        """Raises what the look-ups raise; a revoked certificate costs the database nothing."""
        verdict = self._verdicts(facts)
        if verdict != "good":
            return Standing(verdict, erased=False, consent=ConsentState.NOT_GRANTED)
        security = self._securities(facts.household)
        consent = security.get("consent")
        erased = isinstance(consent, dict) and consent.get("erased") is True
        return Standing(verdict, erased, security_consent(security))


class _Kept(Generic[K, V]):
    """A function whose values are remembered for `kept_s` seconds, the longest unused forgotten first."""

    def __init__(self, ask: Callable[[K], V], kept_s: float, monotonic: Callable[[], float]) -> None:
        self._ask, self._kept_s, self._monotonic = ask, kept_s, monotonic
        self._lock = threading.Lock()
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __call__(self, key: K) -> V:
        now = self._monotonic()
        with self._lock:
            found = self._values.get(key)
            if found is not None and now - found[0] < self._kept_s:
                return found[1]
        value = self._ask(key)
        with self._lock:
            self._values[key] = (now, value)  # dated before the question: never older than it says
            self._values.move_to_end(key)
            if len(self._values) > _ENTRIES:
                self._values.popitem(last=False)
        return value

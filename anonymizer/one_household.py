"""The worker for one household, now: for commands that must not wait until a worker comes by."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from anonymizer.altogether import ask_for_erasure
from anonymizer.connections import Centre
from anonymizer.pseudonyms import Pseudonyms, load_pseudonyms
from anonymizer.revocation import Draw
from anonymizer.service import make_worker
from couch.centre_settings import CentreSettings
from couch.clock import Clock, clock_from_environment
from couch.documents import Json, Retry, utc
from couch.errors import Unreachable


@dataclass(frozen=True, slots=True)
class OneHousehold:
    """Visits, pseudonyms and the wish that everything be erased."""

    settings: CentreSettings
    pseudonyms: Pseudonyms
    clock: Clock
    draw: Draw | None = None

    def visit(self, household: str) -> None:
        """Take what is new of it; where a living worker serves it, that one is asked and this returns.

        Raises CouchError.
        """
        with self._connect() as centre:
            wish = Retry(household=household, at=utc(self.clock.now()))
            centre.registry.replace(wish.id, partial(_wished, wish))
        worker = make_worker(self.settings, self.pseudonyms, self._connect, self.clock, self.draw)
        worker.backlog.add(household)
        if worker.drain(threading.Event()):
            raise Unreachable("the household could not be taken; the lines above say why. Try it again.")

    def ask_for_erasure(self, household: str) -> None:
        """Write down that nothing of it is to be kept. Raises CouchError."""
        with self._connect() as centre:
            ask_for_erasure(centre, household, self.clock)

    def _connect(self) -> Centre:
        return Centre(self.settings.admin_server(), self.settings.worker_server())


def one_household(settings: CentreSettings, environ: Mapping[str, str]) -> OneHousehold:
    """Raises Fault without the pseudonym key."""
    return OneHousehold(
        settings, load_pseudonyms(settings.pseudonym_key), clock_from_environment(dict(environ))
    )


def _wished(wish: Retry, stored: Json | None) -> Json:
    return wish.to_json() if stored is None else {**stored, "documents": []}

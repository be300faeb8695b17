"""Which of several workers serves which household: slices of all households, each leased to one worker.

A household belongs to the slice that the hash of its uuid names, so that ten thousand households need no ten
thousand leases. In `registry`, `lease:<slice>` names the owner. It is only ever changed by its revision, so
of two that want it one gets a conflict; and it changes when its owner does, not while things go on as they
are: that the owner lives is shown by a count of its own (`anonymizer.peers`), raised `BEATS` times in
`lease_s`.

Time is real and monotonic. A lease is free for others when its owner's count has stood still for `lease_s`
as they saw it themselves; its owner trusts it for two thirds of `lease_s` after it began to raise the count.
A worker that was paused for longer confirms each lease by its revision before it goes on, and loses those
that were taken meanwhile. kill -9 frees leases after `lease_s`, an orderly end at once.

Source of the scheme: Amazon's lock client for DynamoDB (its record version number).
"""

import hashlib
import math
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from anonymizer.peers import Peers
from couch.client import Database
from couch.clock import Clock
from couch.documents import Json, Lease
from couch.errors import CouchError

TRUSTED = 2 / 3  # of lease_s
BEATS = 3
_PREFIX = "lease:"


class LeaseLost(CouchError):  # noqa: N818
    """Another worker may serve this household by now: stop at once, the other one goes on."""


class Leases:
    """The slices that this worker holds. Several threads ask; one thread calls `beat` and `release`."""

    def __init__(
        self, slices: int, lease_s: float, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.slices = slices
        self.beat_every_s = lease_s / BEATS
        self.owner = str(uuid.uuid4())
        self._lease_s = lease_s
        self._monotonic = monotonic
        self._peers = Peers(self.owner, lease_s, clock, monotonic)
        self._lock = threading.Lock()
        self._held: dict[int, Lease] = {}
        self._leaving: set[int] = set()  # for others, as soon as no visit uses them
        self._in_use: Counter[int] = Counter()
        self._trusted_until = -math.inf
        self._owners: set[str] = set()  # of other slices, when they were last read

    def slice_of(self, household: str) -> int:
        digest = hashlib.sha256(household.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.slices

    def held(self) -> frozenset[int]:
        """The slices that this worker serves."""
        with self._lock:
            return frozenset(self._held.keys() - self._leaving)

    @contextmanager
    def serving(self, household: str) -> Iterator[Callable[[], None]]:
        """For the time of a visit; gives a check that raises LeaseLost once the lease is not to be trusted.

        Raises LeaseLost at once where another worker serves the household.
        """
        number = self.slice_of(household)

        def still_ours() -> None:
            with self._lock:
                if number not in self._held or self._monotonic() >= self._trusted_until:
                    raise LeaseLost("another worker may serve this household by now.")

        still_ours()
        with self._lock:
            if number in self._leaving:
                raise LeaseLost("another worker is about to serve this household.")
            self._in_use[number] += 1
        try:
            yield still_ours
        finally:
            with self._lock:
                self._in_use[number] -= 1

    def beat(self, registry: Database, state: Json, *, share: bool) -> frozenset[int]:
        """Keep what is held, take what is free, leave what others should have; the slices that are new here.

        `share`: take a fair part only, since other workers take theirs. `state` is shown by `status`.
        Raises CouchError: what is held is soon not trusted any more, and the next call may mend that.
        """
        began = self._monotonic()
        with self._lock:
            before = frozenset(self._held.keys() - self._leaving)
            late = began >= self._trusted_until  # whatever was announced since then was not looked at
        self._peers.beat(registry, {**state, "slices": len(before)})
        stored = _stored(registry, self.slices)
        owners = {lease.owner for lease in stored.values() if lease.owner} - {self.owner}
        self._peers.look(registry, owners)  # after that: nobody is dead who was not watched
        alive = self._peers.alive()
        mine = {number: lease for number, lease in stored.items() if lease.owner == self.owner}
        if late:
            mine = self._claim(registry, list(mine.values()))
        wanted = math.ceil(self.slices / len(alive)) if share else self.slices
        free = [lease for lease in stored.values() if lease.owner not in alive]
        mine |= self._claim(registry, free[: max(wanted - len(mine), 0)])
        with self._lock:
            self._owners = owners
            self._held = mine
            self._trusted_until = began + TRUSTED * self._lease_s
            self._leaving = set(sorted(mine)[wanted:])
            going = [mine[number] for number in self._leaving if not self._in_use[number]]
            for lease in going:
                del self._held[lease.slice]
            served = frozenset(self._held.keys() - self._leaving)
        _write(registry, [_with_owner(lease, None) for lease in going])
        self._peers.forget_dead(registry)
        return served if late else served - before

    def undecided(self) -> bool:
        """Whether a slice is held by somebody who may be dead: after `lease_s` that is known."""
        return self._peers.undecided(self._owners)

    def release(self, registry: Database) -> None:
        """An orderly end: everything is free for others at once. Raises CouchError."""
        with self._lock:
            going, self._held = list(self._held.values()), {}
            self._trusted_until = -math.inf
        _write(registry, [_with_owner(lease, None) for lease in going])
        self._peers.leave(registry)

    def _claim(self, registry: Database, leases: Sequence[Lease]) -> dict[int, Lease]:
        """Those of them that are ours now: a revision that somebody else wrote meanwhile is theirs."""
        return {
            lease.slice: lease for lease in _write(registry, [_with_owner(x, self.owner) for x in leases])
        }


class Alone:
    """In place of leases where there is only this one worker: it serves everybody."""

    beat_every_s = 3600.0

    @contextmanager
    def serving(self, household: str) -> Iterator[Callable[[], None]]:
        yield lambda: None

    def slice_of(self, household: str) -> int:
        return 0

    def held(self) -> frozenset[int]:
        return frozenset({0})

    def beat(self, registry: Database, state: Json, *, share: bool) -> frozenset[int]:
        return frozenset()

    def undecided(self) -> bool:
        return False

    def release(self, registry: Database) -> None:
        """There is nothing to release."""


def _stored(registry: Database, slices: int) -> dict[int, Lease]:
    """Every slice's lease; where none was ever written, a free one."""
    docs = registry.documents(start=_PREFIX, end=f"{_PREFIX}\ufff0")
    found: Mapping[int, Lease] = {lease.slice: lease for lease in map(Lease.from_json, docs)}
    return {number: found.get(number) or Lease(slice=number, owner=None) for number in range(slices)}


def _with_owner(lease: Lease, owner: str | None) -> Lease:
    return Lease(rev=lease.rev, slice=lease.slice, owner=owner, term=lease.term + 1)


def _write(registry: Database, leases: Sequence[Lease]) -> list[Lease]:
    """Those that could be written, with their new revisions."""
    results = registry.bulk([lease.to_json() for lease in leases])
    return [
        Lease(rev=result.rev, slice=lease.slice, owner=lease.owner, term=lease.term)
        for lease, result in zip(leases, results, strict=True)
        if result.error is None
    ]

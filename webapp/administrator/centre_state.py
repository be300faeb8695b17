"""Whether the centre itself does its work: workers, leases, what is parked, erasures under way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from couch.client import Database
from couch.documents import Erasure, Lease, Parked
from couch.worker_beats import WorkerSeen, read_workers
from webapp.administrator.thresholds import Thresholds
from webapp.registry_copy import Snapshot

ERASURE = "erasure"  # what is parked in place of a document while a revocation stands still


class CentreTrouble(StrEnum):
    """What can be wrong at the centre, the worst first. The names stand in metrics."""

    NO_WORKER = "no_worker"
    ERASURE_STANDS_STILL = "erasure_stands_still"
    UNREADABLE = "unreadable"  # entries of the registry, whose devices nobody can judge
    WORKER_BEHIND = "worker_behind"
    PARKED = "parked"

    @property
    def grave(self) -> bool:
        """Whether it is worse than anything of a single device."""
        return self in {CentreTrouble.NO_WORKER, CentreTrouble.ERASURE_STANDS_STILL}


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker that registered. `alive` None: it is too old to say when it gave its last sign of life."""

    seen: WorkerSeen
    slices: int
    alive: bool | None


@dataclass(frozen=True, slots=True)
class ParkedReason:
    """Documents parked for the same reason, `since` the first of them."""

    reason: str
    parked: tuple[Parked, ...]
    since: datetime

    @property
    def households(self) -> int:
        return len({one.household for one in self.parked})


@dataclass(frozen=True, slots=True)
class CentreState:
    """`open_erasures` have steps left; `unconfirmed` ones wait for devices alone."""

    workers: tuple[WorkerState, ...]
    slices: int
    free_slices: int
    parked: tuple[ParkedReason, ...]
    open_erasures: tuple[Erasure, ...]
    unconfirmed: tuple[Erasure, ...]
    standing_still: dict[str, Parked]  # by household: why its erasure does not go on
    unreadable: Mapping[str, str]  # entries of the registry by id: why
    limits: Thresholds

    @property
    def lag(self) -> timedelta:
        """For how long the household that waits longest for a worker has been waiting."""
        return timedelta(seconds=max((each.seen.beat.lag_s for each in self.workers), default=0.0))

    @property
    def waiting(self) -> int:
        """Households that wait for a worker."""
        return sum(each.seen.beat.waiting for each in self.workers)

    @property
    def alive(self) -> int:
        return sum(each.alive is not False for each in self.workers)

    @property
    def troubles(self) -> tuple[CentreTrouble, ...]:
        wrong = {
            CentreTrouble.NO_WORKER: not self.alive,
            CentreTrouble.ERASURE_STANDS_STILL: bool(self.standing_still),
            CentreTrouble.UNREADABLE: bool(self.unreadable),
            CentreTrouble.WORKER_BEHIND: self.lag > timedelta(seconds=self.limits.worker_behind_s),
            CentreTrouble.PARKED: any(one.document != ERASURE for each in self.parked for one in each.parked),
        }
        return tuple(trouble for trouble in CentreTrouble if wrong[trouble])


def read_centre(
    registry: Database, snapshot: Snapshot, real_now: datetime, limits: Thresholds
) -> CentreState:
    """A few small readings besides the copy. Raises CouchError."""
    leases = [Lease.from_json(doc) for doc in registry.documents(start="lease:", end="lease;")]
    return centre_state(read_workers(registry), leases, snapshot, real_now, limits)


def centre_state(
    seen: Iterable[WorkerSeen],
    leases: Sequence[Lease],
    snapshot: Snapshot,
    real_now: datetime,
    limits: Thresholds,
) -> CentreState:
    """Pure. `real_now`: signs of life follow real time, whatever the survey's clock says."""
    workers = tuple(_worker(each, leases, real_now, limits) for each in seen)
    served = {each.seen.note.worker for each in workers if each.alive is not False}
    erasures = sorted(snapshot.erasures.values(), key=lambda one: one.begun_at)
    return CentreState(
        workers=workers,
        slices=len(leases),
        free_slices=sum(lease.owner not in served for lease in leases),
        parked=by_reason(snapshot.parked.values()),
        open_erasures=tuple(one for one in erasures if one.next_step is not None),
        unconfirmed=tuple(one for one in erasures if one.next_step is None and one.outstanding),
        standing_still={one.household: one for one in snapshot.parked.values() if one.document == ERASURE},
        unreadable=snapshot.unreadable,
        limits=limits,
    )


def by_reason(parked: Iterable[Parked]) -> tuple[ParkedReason, ...]:
    """The commonest reason first."""
    reasons: dict[str, list[Parked]] = {}
    for one in parked:
        reasons.setdefault(one.reason, []).append(one)
    found = (
        ParkedReason(
            reason, tuple(sorted(ones, key=lambda one: (one.at, one.id))), min(one.at for one in ones)
        )
        for reason, ones in reasons.items()
    )
    return tuple(sorted(found, key=lambda one: (-len(one.parked), one.since)))


def _worker(seen: WorkerSeen, leases: Iterable[Lease], real_now: datetime, limits: Thresholds) -> WorkerState:
    at = seen.beat.at
    alive = None if at is None else real_now - at < timedelta(seconds=limits.worker_silent_s)
    return WorkerState(seen, sum(lease.owner == seen.note.worker for lease in leases), alive)

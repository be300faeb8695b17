"""`survey anonymizer status`: what the registry tells of the workers, of parked documents and of erasures."""

from collections.abc import Iterator
from typing import Any

from anonymizer.erasure_record import erasures
from anonymizer.parking import ERASURE
from couch.client import Database, Server
from couch.documents import Lease, stamp
from couch.names import REGISTRY
from couch.retry_wishes import all_parked
from couch.worker_beats import read_workers

_SHOWN = 20


def read_status(server: Server) -> dict[str, Any]:
    """Everything, as `--json` prints it: workers, parked, erasures. Raises CouchError."""
    registry = server.database(REGISTRY)
    parked = all_parked(registry)
    standing = {one.household: one.reason for one in parked if one.document == ERASURE}
    return {
        "workers": list(_workers(registry)),
        "parked": [
            {
                "household": one.household,
                "document": one.document,
                "reason": one.reason,
                "since": stamp(one.at),
            }
            for one in parked
        ],
        "erasures": [
            {
                "household": one.household,
                "receipt": one.receipt,
                "begun_at": stamp(one.begun_at),
                "next_step": None if one.next_step is None else one.next_step.value,
                "stands_still": standing.get(one.household),
                "devices": len(one.devices),
                "outstanding_devices": list(one.outstanding),
            }
            for one in erasures(registry)
        ],
    }


def as_text(status: dict[str, Any]) -> str:
    """The status for people."""
    return "\n".join(_lines(status))


def _workers(registry: Database) -> Iterator[dict[str, Any]]:
    leases = [Lease.from_json(doc) for doc in registry.documents(start="lease:", end="lease;")]
    for seen in read_workers(registry):
        yield {
            "worker": seen.note.worker,
            "started_at": stamp(seen.note.started_at),
            "slices": sum(lease.owner == seen.note.worker for lease in leases),
            "waiting": seen.beat.waiting,
            "lag_s": seen.beat.lag_s,
            "counts": seen.beat.counts,
        }


def _lines(status: dict[str, Any]) -> Iterator[str]:
    workers, parked, erased = status["workers"], status["parked"], status["erasures"]
    yield f"workers: {len(workers) or 'none; start one with survey anonymizer run'}"
    for one in workers:
        yield (
            f"  {one['worker']} since {one['started_at']}: {one['slices']} slices, "
            f"{one['waiting']} households waiting, the longest for {one['lag_s']:.0f} s"
        )
    yield f"parked documents: {len(parked) or 'none'}"
    for one in parked[:_SHOWN]:
        yield f"  household {one['household']}: {one['document']} since {one['since']}: {one['reason']}"
    if len(parked) > _SHOWN:
        yield f"  and {len(parked) - _SHOWN} more (--json lists all)"
    still_open = [one for one in erased if one["next_step"]]
    waiting = [one for one in erased if not one["next_step"] and one["outstanding_devices"]]
    yield (
        f"erasures: {len(erased) - len(still_open)} done at the centre, {len(waiting)} of them not yet "
        f"confirmed by all devices, {len(still_open)} under way"
    )
    for one in still_open:
        why = f"stands still: {one['stands_still']}" if one["stands_still"] else f"next: {one['next_step']}"
        yield f"  household {one['household']} since {one['begun_at']}: {why}"
    for one in waiting[:_SHOWN]:
        yield f"  household {one['household']}: waits for {len(one['outstanding_devices'])} devices"

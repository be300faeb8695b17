"""How far a revocation is: the record in `registry`, changed by its revision and never turned back."""

import uuid
from collections.abc import Callable, Iterator

import msgspec

from couch.client import Database
from couch.clock import Clock
from couch.documents import DeviceErasure, Erased, Erasure, ErasureStep, Json, Step, utc

Change = Callable[[Erasure], Erasure]


def find_erasure(registry: Database, household: str) -> Erasure | None:
    """The household's record; None where no revocation ever began."""
    stored = registry.find(f"erasure:{household}")
    return None if stored is None else Erasure.from_json(stored)


def erasures(registry: Database) -> Iterator[Erasure]:
    """Every household's record, finished or not."""
    for doc in registry.documents(start="erasure:", end="erasure;"):
        yield Erasure.from_json(doc)


def begin(registry: Database, household: str, clock: Clock) -> Erasure:
    """The record, begun now where there was none. Two that begin at once agree on one number."""
    fresh = Erasure(household=household, receipt=str(uuid.uuid4()), begun_at=utc(clock.now()))
    return _changed(registry, fresh, lambda record: record)


def note(registry: Database, record: Erasure, step: Step, change: Change, clock: Clock) -> Erasure:
    """Write down that `step` is done, with what `change` adds; a step that is noted stays as it was noted."""
    done = ErasureStep(step=step, at=utc(clock.now()))

    def noted(stored: Erasure) -> Erasure:
        if stored.done(step):
            return stored
        return msgspec.structs.replace(change(stored), steps=(*stored.steps, done))

    return _changed(registry, record, noted)


def confirm(registry: Database, record: Erasure, confirmations: list[Erased]) -> Erasure:
    """Take over what devices confirmed; a first confirmation is not changed by a second one."""

    def confirmed(stored: Erasure) -> Erasure:
        known = {each.device: each for each in stored.devices}
        for word in confirmations:
            before = known.get(word.device)
            if before is None or before.confirmed_at is None:
                known[word.device] = DeviceErasure(
                    device=word.device, confirmed_at=word.at, unsent_measurements=word.unsent_measurements
                )
        return msgspec.structs.replace(stored, devices=tuple(known[device] for device in sorted(known)))

    return _changed(registry, record, confirmed)


def update(registry: Database, record: Erasure, change: Change) -> Erasure:
    """The record as `change` made it of what stands there now."""
    return _changed(registry, record, change)


def _changed(registry: Database, fallback: Erasure, change: Change) -> Erasure:
    result = fallback

    def replace(stored: Json | None) -> Json | None:
        nonlocal result
        before = None if stored is None else Erasure.from_json(stored)
        result = change(before or fallback)
        return None if result == before else result.to_json()

    written = registry.replace(fallback.id, replace)
    return result if written is None else Erasure.from_json(written)

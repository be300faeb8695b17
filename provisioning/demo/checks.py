"""What the demo and the end-to-end tests check of a set of measurement ids."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from couch.clock import SLOT, from_rfc3339


def slots_by_meter(ids: Iterable[str]) -> dict[str, list[datetime]]:
    """The slots of each meter, sorted, from ids `measurement:<meter>:<slot>`."""
    slots: defaultdict[str, list[datetime]] = defaultdict(list)
    for doc_id in ids:
        _, meter, slot = doc_id.split(":", 2)
        slots[meter].append(from_rfc3339(slot))
    return {meter: sorted(found) for meter, found in slots.items()}


def holes(slots: Iterable[datetime]) -> list[datetime]:
    """The slots missing between the first and the last."""
    there = set(slots)
    if not there:
        return []
    missing = []
    slot, last = min(there), max(there)
    while slot < last:
        slot += SLOT
        if slot not in there:
            missing.append(slot)
    return missing

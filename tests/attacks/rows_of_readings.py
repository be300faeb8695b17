# ruff: noqa: E501 - one row a line is read as the table that it is
"""Measuring without consent; measurements changed, forged, taken away."""

from collections.abc import Iterator

from attack_row import NEVER_DELETED, NOT_GRANTED, ONCE, OUTSIDE, Attack, gap, measurement, stored_measurement
from attack_world import AT, slot
from attempts import (
    Make,
    bulk,
    delete,
    following,
    forged,
    long_ancestry,
    long_ancestry_stemmed,
    over,
    post,
    put,
    sibling,
    tombstone,
)

MEASURE: dict[str, Make] = {
    "measures": put(measurement()),
    "posts a measurement": post(measurement()),
    "measures in bulk": bulk(measurement(), gap()),
    "replicates a measurement": sibling(measurement()),
    "a measurement forged to win": forged(measurement()),
    "a measurement over 999 generations": long_ancestry_stemmed(measurement()),
    "reports a gap": put(gap()),
    "a measurement of the time under consent": sibling(measurement(number=5)),
}


def measuring() -> Iterator[Attack]:
    for state in ("not_granted", "revoked"):
        for name, make in MEASURE.items():
            kind = "gap" if "gap" in name else "measurement"
            yield Attack(name, "device", state, make, (f"refused {kind} {NOT_GRANTED}",))
    for who in ("researcher", "administrator", "worker"):
        yield Attack("measures", who, "revoked", MEASURE["measures"], (f"refused measurement {NOT_GRANTED}",))
        yield Attack(
            "measures in the device's name",
            who,
            "granted",
            MEASURE["measures"],
            ("refused measurement device: only",),
        )
    for who in OUTSIDE:
        yield Attack("measures", who, "granted", MEASURE["measures"], ("denied",))
        yield Attack(
            "replicates a measurement", who, "granted", MEASURE["replicates a measurement"], ("denied",)
        )


# --- measurements changed, forged, taken away (while consent is granted)

FORGERIES = [
    Attack("changes a value", "device", "granted", put(over(measurement(number=0, data=[{"obis": "0" * 12, "value": 1, "scaler": 0}]))), (f"refused measurement {ONCE}",)),
    Attack("changes a value as a replicator", "device", "granted", following(measurement(number=0)), (f"refused measurement {ONCE}",)),
    Attack("a value forged to win", "device", "granted", forged(measurement(number=0)), (f"refused measurement {ONCE}",)),
    Attack("a value over 999 generations", "device", "granted", long_ancestry(measurement(number=0)), (f"refused measurement {ONCE}",)),
    Attack("a second first value, which the worker parks", "device", "granted", sibling(measurement(number=0, data=[{"obis": "0" * 12, "value": 1, "scaler": 0}])), ("stored",), "stored without effect"),
    Attack("deletes a measurement", "device", "granted", delete(stored_measurement), (f"refused measurement {NEVER_DELETED}",)),
    Attack("deletes a measurement", "researcher", "granted", delete(stored_measurement), (f"refused measurement {NEVER_DELETED}",)),
    Attack("deletes a measurement", "worker", "granted", delete(stored_measurement), (f"refused measurement {NEVER_DELETED}",)),
    Attack("a tombstone of a measurement", "device", "granted", forged(tombstone(stored_measurement)), ("refused measurement",)),
    Attack("a tombstone in the device's name", "device", "granted", lambda home: forged(tombstone(stored_measurement, device=home.device))(home), (f"refused measurement {NEVER_DELETED}",)),
    Attack("measures for another device", "device", "granted", put(lambda home: home.measurement(device=home.other_device)), ("refused measurement device: only",)),
    Attack("measures without the scope", "reading device", "granted", put(measurement()), ("refused measurement userCtx.roles: the scope measurement-write",)),
    Attack("a measurement under another id", "device", "granted", put(lambda home: home.measurement(_id=f"measurement:{home.device}:{slot(40)}")), ("refused measurement _id: does not match",)),
    Attack("an id that holds a name", "device", "granted", put(lambda home: home.measurement(meter="Ada", _id=f"measurement:Ada:{slot(40)}")), ("refused measurement meter: a uuid",)),
    Attack("a slot between slots", "device", "granted", put(lambda home: home.measurement(slot=AT, _id=f"measurement:{home.meter}:{AT}")), ("refused measurement slot:",)),
    Attack("no reading", "device", "granted", put(measurement(data=[])), ("refused measurement data: 1 to 200",)),
    Attack("10,000 readings", "device", "granted", put(measurement(data=[{"obis": "0" * 12, "value": 1, "scaler": 0}] * 10_000)), ("refused measurement document: at most",)),
    Attack("a megabyte beside the readings", "device", "granted", put(measurement(later="x" * 1_000_000)), ("refused measurement document: at most",)),
    Attack("a value that is text", "device", "granted", put(measurement(data=[{"obis": "0" * 12, "value": "1", "scaler": 0}])), ("refused measurement data:",)),
    Attack("a gap that ends before it starts", "device", "granted", put(gap(to_slot="2025-07-01T00:00:00Z")), ("refused gap to_slot: not before",)),
    Attack("a type that is not the id's", "device", "granted", put(measurement(type="gap")), ("refused measurement type:",)),
]  # fmt: skip

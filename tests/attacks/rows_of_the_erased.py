# ruff: noqa: E501 - one row a line is read as the table that it is
"""An erased household takes nothing but the confirmation."""

from collections.abc import Iterator

from attack_row import (
    ERASED,
    ONCE,
    Attack,
    confirmation,
    consent,
    gap,
    heartbeat,
    measurement,
    registration,
    report,
)
from attempts import bulk, delete, forged, put, sibling, tombstone

STALE = [
    ("a stale registration", "researcher", put(registration()), "registration"),
    ("a stale registration as it stood", "worker", sibling(registration()), "registration"),
    ("a stale measurement", "device", sibling(measurement()), "measurement"),
    ("stale measurements in bulk", "device", bulk(measurement(), gap()), "measurement"),
    ("a stale grant", "device", sibling(consent("granted")), "consent"),
    ("a grant forged to win", "device", forged(consent("granted")), "consent"),
    (
        "a tombstone of the revocation forged to win",
        "device",
        forged(tombstone("consent:revoked")),
        "consent",
    ),
    ("deletes the revocation", "device", delete("consent:revoked"), "consent"),
    ("a second revocation", "researcher", sibling(consent("revoked", by={"role": "researcher"})), "consent"),
    ("a stale report", "device", put(report()), "report"),
    ("a heartbeat", "device", put(heartbeat()), "heartbeat"),
    ("a tombstone of what is gone", "worker", forged(tombstone("registration")), "registration"),
]
CONFIRMING = [
    Attack("confirms", "device", "erased", put(confirmation()), ("stored",), "taken as it should be"),
    Attack("confirms for another device", "device", "erased", put(lambda home: home.confirmation(_id=f"erased:{home.other_device}", device=home.other_device)), ("refused erased device: only",)),
    Attack("confirms for the device", "researcher", "erased", put(confirmation()), ("refused erased device: only",)),
    Attack("confirms for the device", "worker", "erased", put(confirmation()), ("refused erased device: only",)),
    Attack("confirms for the device", "other household's device", "erased", put(confirmation()), ("denied",)),
    Attack("a confirmation forged to win", "device", "erased", forged(confirmation()), (f"refused erased {ONCE}",)),
    Attack("a confirmation of less than nothing", "device", "erased", put(confirmation(unsent_measurements=-1)), ("refused erased unsent_measurements:",)),
    Attack("a confirmation with a megabyte", "device", "erased", put(confirmation(later="x" * 1_000_000)), ("refused erased document: at most",)),
]  # fmt: skip


def against_the_erased() -> Iterator[Attack]:
    for name, who, make, kind in STALE:
        yield Attack(name, who, "erased", make, (f"refused {kind} {ERASED}",))
    yield from CONFIRMING

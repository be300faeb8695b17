# ruff: noqa: E501 - one row a line is read as the table that it is
"""The device's own database, as the accounts there."""

from attack_row import (
    NEVER_DELETED,
    NOT_GRANTED,
    ONCE,
    WRITER,
    Attack,
    consent,
    measurement,
    registration,
    stored_measurement,
)
from attempts import E, delete, forged, over, put, replicated, request, sibling, tombstone
from rows_of_administration import ADMINISTERING, OPEN, WEAKER

AT_HOME = [
    Attack("measures", "agent", "replica not_granted", put(measurement()), (f"refused measurement {NOT_GRANTED}",)),
    Attack("measures", "agent", "replica revoked", put(measurement()), (f"refused measurement {NOT_GRANTED}",)),
    Attack("replicates a measurement", "agent", "replica revoked", sibling(measurement()), (f"refused measurement {NOT_GRANTED}",)),
    Attack("measures", "page", "replica granted", put(measurement()), ("refused measurement device: only",)),
    Attack("measures", "pull", "replica granted", put(measurement()), ("refused measurement device: only",)),
    Attack("measures", "push", "replica granted", put(measurement()), ("refused measurement device: only",)),
    Attack("changes a value", "agent", "replica granted", put(over(measurement(number=0))), (f"refused measurement {ONCE}",)),
    Attack("deletes a measurement", "agent", "replica granted", delete(stored_measurement), (f"refused measurement {NEVER_DELETED}",)),
    Attack("grants in the participant's name", "agent", "replica not_granted", put(consent("granted")), (f"refused consent {WRITER}",)),
    Attack("grants in the participant's name", "push", "replica not_granted", put(consent("granted")), (f"refused consent {WRITER}",)),
    Attack("grants again", "page", "replica revoked", put(over(consent("granted", at="2030-01-01T00:00:00Z"))), (f"refused consent {ONCE}",)),
    Attack("takes the revocation back", "page", "replica revoked", delete("consent:revoked"), (f"refused consent {NEVER_DELETED}",)),
    Attack("edits the revocation", "page", "replica revoked", put(over(consent("revoked", state="granted"))), ("refused consent",)),
    Attack("a tombstone of the revocation", "pull", "replica revoked", forged(tombstone("consent:revoked")), (f"refused consent {NEVER_DELETED}",)),
    Attack("a grant under its id forged to win", "pull", "replica revoked", forged(consent("revoked", state="granted")), (f"refused consent {ONCE}",)),
    Attack("a second first grant", "pull", "replica revoked", replicated(consent("granted"), lambda _: [E], 1), ("stored",), "stored without effect"),
    Attack("corrects the registration", "page", "replica granted", put(over(registration())), (f"refused registration {WRITER}",)),
    Attack("corrects the registration", "agent", "replica granted", put(over(registration())), (f"refused registration {WRITER}",)),
    Attack("weaker rules", "page", "replica revoked", put(over(lambda _: {"_id": "_design/rules", **WEAKER})), ("denied",)),
    Attack("weaker rules", "agent", "replica revoked", put(over(lambda _: {"_id": "_design/rules", **WEAKER})), ("denied",)),
    Attack("opens _security", "agent", "replica revoked", request("PUT", "_security", OPEN), ("denied", "not there")),
    Attack("opens _security", "page", "replica revoked", request("PUT", "_security", OPEN), ("denied", "not there")),
    Attack("purges the revocation", "agent", "replica revoked", ADMINISTERING["purges the revocation"], ("denied",)),
    Attack("reads", "nobody", "replica granted", request("GET", "registration"), ("denied",)),
    Attack("reads with the centre's account", "device", "replica granted", request("GET", "registration"), ("denied",)),
]  # fmt: skip

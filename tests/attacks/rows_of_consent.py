# ruff: noqa: E501 - one row a line is read as the table that it is
"""A revocation taken back, consent granted again."""

from collections.abc import Iterator

from attack_row import MEMBERS, NEVER_DELETED, ONCE, OUTSIDE, WRITER, Afterwards, Attack, consent
from attempts import (
    Make,
    bulk,
    copy,
    delete,
    following,
    forged,
    forged_by_number_alone,
    long_ancestry,
    long_ancestry_stemmed,
    over,
    put,
    sibling,
    tombstone,
)

UNDO: dict[str, Make] = {
    "deletes the revocation": delete("consent:revoked"),
    "deletes it in bulk": bulk(over(tombstone("consent:revoked"))),
    "deletes it with fields kept": bulk(over(tombstone("consent:revoked", state="granted", type="consent"))),
    "edits it into a grant": put(over(consent("revoked", state="granted"))),
    "a tombstone forged to win": forged(tombstone("consent:revoked")),
    "a grant under its id forged to win": forged(consent("revoked", state="granted")),
    "a tombstone over 999 generations": long_ancestry(tombstone("consent:revoked")),
    "a tombstone of an ancestry cut short": long_ancestry_stemmed(tombstone("consent:revoked")),
    "a tombstone that follows it": following(tombstone("consent:revoked")),
    "a grant under its id beside it": sibling(consent("revoked", state="granted")),
    "a tombstone beside it": sibling(tombstone("consent:revoked")),
}
DELETING = ("delete", "tombstone")


def undoing() -> Iterator[Attack]:
    for who in (*MEMBERS, *OUTSIDE):
        for name, make in UNDO.items():
            if who in OUTSIDE:
                back: tuple[str, ...] = ("denied",)
            elif any(word in name for word in DELETING):
                back = (f"refused consent {NEVER_DELETED}",)
            elif who in ("device", "researcher"):
                # beside the revocation it is a first generation, which its id gives away
                back = (
                    f"refused consent {ONCE}",
                    "refused consent _id: does",
                    "refused consent by: a researcher",
                )
            else:
                back = (f"refused consent {WRITER}",)
            yield Attack(name, who, "revoked", make, back)


# --- consent granted again

GRANT_AGAIN: dict[str, tuple[Make, str, Afterwards]] = {
    "grants anew over the first grant": (
        put(over(consent("granted", at="2030-01-01T00:00:00Z"))),
        f"refused consent {ONCE}",
        "nothing changed",
    ),
    "a later grant without the revision": (put(consent("granted")), "conflict", "nothing changed"),
    "a grant forged to win": (forged(consent("granted")), f"refused consent {ONCE}", "nothing changed"),
    "a grant forged by its number alone": (
        forged_by_number_alone(consent("granted")),
        f"refused consent {ONCE}",
        "nothing changed",
    ),
    "a grant over 999 generations": (
        long_ancestry(consent("granted")),
        f"refused consent {ONCE}",
        "nothing changed",
    ),
    "deletes the grant to write it anew": (
        delete("consent:granted"),
        f"refused consent {NEVER_DELETED}",
        "nothing changed",
    ),
    "a second first grant": (
        sibling(consent("granted", at="2030-01-01T00:00:00Z")),
        "stored",
        "stored without effect",
    ),
    "a third kind of consent": (
        put(consent("restored")),
        "refused consent state: one of granted, revoked",
        "nothing changed",
    ),
    "a grant under another id": (
        put(lambda home: home.consent("granted", _id="consent:granted2")),
        "refused consent _id: does not match the content",
        "nothing changed",
    ),
    "a grant in capitals": (
        put(lambda home: home.consent("granted", _id="Consent:granted")),
        "refused document _id: no document of this type belongs here",
        "nothing changed",
    ),
}
LATE_GRANT = [
    Attack("a grant beside the revocation by a researcher", "researcher", "revoked",
           sibling(consent("granted", by={"role": "researcher"})), ("refused consent by: only a participant grants",)),
    Attack("a grant in the participant's name by a researcher", "researcher", "revoked",
           sibling(consent("granted")), ("refused consent by: a researcher records only a revocation",)),
    Attack("a grant in the participant's name by the worker", "worker", "revoked",
           sibling(consent("granted")), (f"refused consent {WRITER}",)),
    Attack("the first grant by a researcher", "researcher", "not_granted",
           put(consent("granted", by={"role": "researcher"})), ("refused consent by: only a participant grants",)),
    Attack("the first grant by the worker", "worker", "not_granted", put(consent("granted")), (f"refused consent {WRITER}",)),
    Attack("the first grant by a device that may only read", "reading device", "not_granted",
           put(consent("granted")), (f"refused consent {WRITER}",)),
    Attack("a revocation that names the person", "device", "granted",
           put(consent("revoked", by={"role": "participant", "name": "Ada"})), ("refused consent by:",)),
    Attack("a revocation with a remark", "device", "granted",
           put(consent("revoked", remark="Ada")), ("refused consent document: no other field belongs here",)),
    Attack("copies the grant over the revocation", "device", "revoked",
           copy("consent:granted", "consent:revoked"), ("refused consent", "not there")),
]  # fmt: skip


def granting() -> Iterator[Attack]:
    for name, (make, back, afterwards) in GRANT_AGAIN.items():
        yield Attack(name, "device", "revoked", make, (back,), afterwards)
    yield from LATE_GRANT

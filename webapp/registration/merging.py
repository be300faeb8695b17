"""Two researchers at one household: what each changed since both opened it, put together. Pure.

Three forms: as it was opened, as it is stored now, as it was sent. Where only one side changed a field, that
side's value holds; where both did, what was sent stays in the field and the other's value is told beside it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.registration.questions import DECIMALS
from webapp.registration.typed import KINDS, Row, Typed, name_of


@dataclass(frozen=True, slots=True)
class Merged:
    """`theirs`: fields that somebody else changed, with what is stored now; `clashes` those that both did."""

    typed: Typed
    theirs: Mapping[str, str]
    clashes: frozenset[str]


def merge(opened: Typed, stored: Typed, sent: Typed) -> Merged:
    """See the module."""
    theirs: dict[str, str] = {}
    clashes: set[str] = set()

    def one(name: str, before: str, now: str, mine: str) -> str:
        if _same(name, before, now):
            return mine
        if _same(name, mine, now):
            return now
        theirs[name] = now
        if _same(name, mine, before):
            return now
        clashes.add(name)
        return mine

    facts = {name: one(name, opened[name], stored[name], sent[name]) for name in {*stored.facts, *sent.facts}}
    typed = Typed(facts=facts, use_place=sent.use_place)
    for kind in KINDS:
        typed = typed.with_rows(kind, _rows(kind, opened, stored, sent, one))
    return Merged(typed, theirs, frozenset(clashes))


def _rows(kind: str, opened: Typed, stored: Typed, sent: Typed, one: Any) -> tuple[Row, ...]:
    before, now, mine = ({row.key: row for row in form.rows(kind)} for form in (opened, stored, sent))
    rows = []
    for key, row in now.items():
        if key in mine:  # where it was not there before, an interrupted saving of this form added it
            rows.append(_row(kind, before.get(key, row), row, mine[key], one))
        elif key not in before:  # somebody else added it
            rows.append(row)
            one(name_of(kind, key, "added"), "", "yes", "")
    rows += [row for row in mine.values() if not row.stored]
    return tuple(rows)


def _row(kind: str, before: Row, now: Row, mine: Row, one: Any) -> Row:
    texts = {
        name: one(name_of(kind, now.key, name), before[name], now[name], mine[name])
        for name in {**now.texts, **mine.texts}
    }
    if kind != "systems":
        return Row(now.key, texts)
    counted = one(
        name_of(kind, now.key, "meters"),
        *(" ".join(sorted(row.meters)) for row in (before, now, mine)),
    )
    return Row(now.key, texts, tuple(counted.split()))


def _same(name: str, one: str, other: str) -> bool:
    if name.rpartition("-")[2] in DECIMALS:
        return one.replace(",", ".") == other.replace(",", ".")
    return one == other


def to_text(typed: Typed) -> str:
    """The form as one text, for a hidden field."""
    body = {
        "facts": dict(typed.facts),
        **{
            kind: [
                {"key": row.key, "texts": dict(row.texts), "meters": row.meters} for row in typed.rows(kind)
            ]
            for kind in KINDS
        },
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def from_text(text: str) -> Typed | None:
    """The form that `to_text` wrote; None where the text is not one."""
    try:
        body = json.loads(text)
        typed = Typed(facts={str(name): str(value) for name, value in body["facts"].items()})
        for kind in KINDS:
            rows = tuple(
                Row(
                    str(row["key"]),
                    {str(name): str(value) for name, value in row["texts"].items()},
                    tuple(str(meter) for meter in row["meters"]),
                )
                for row in body[kind]
            )
            typed = typed.with_rows(kind, rows)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return typed

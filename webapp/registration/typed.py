"""What somebody typed into the form, as it was typed: read from a request, shown again, merged.

Every row (a device, a meter, a system) has a key: the uuid of what is stored, or a number for a new one.
Names of fields: `email`, `meters-2-model`; hidden `meters` fields list the keys in order.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from webapp.registration.questions import FACTS

KINDS = ("devices", "meters", "systems")
MOST_ROWS = 20  # of one kind
_KEY = re.compile(r"[1-9][0-9]{0,3}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "devices": ("name",),
    "meters": ("type", "model", "protocol", "device"),  # device: the key of the row that reads it
    "systems": ("power", "azimuth", "tilt", "installed"),
}
_LONGEST = 2_000  # characters kept of one field: enough to see what was typed


@dataclass(frozen=True, slots=True)
class Row:
    """`meters`: keys of the generation meters that count a system."""

    key: str
    texts: Mapping[str, str] = field(default_factory=dict)
    meters: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.texts.get(name, "")

    @property
    def stored(self) -> bool:
        """Whether its key is the uuid of something that is stored."""
        return "-" in self.key


@dataclass(frozen=True, slots=True)
class Typed:
    """The whole form."""

    facts: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[Row, ...] = ()
    meters: tuple[Row, ...] = ()
    systems: tuple[Row, ...] = ()
    use_place: bool = False  # take the middle of the postal code's area while no position is typed

    def __getitem__(self, name: str) -> str:
        return self.facts.get(name, "")

    def rows(self, kind: str) -> tuple[Row, ...]:
        """The rows of one of KINDS."""
        return {"devices": self.devices, "meters": self.meters, "systems": self.systems}[kind]

    def with_rows(self, kind: str, rows: tuple[Row, ...]) -> "Typed":
        """The form with other rows of a kind."""
        match kind:
            case "devices":
                return replace(self, devices=rows)
            case "meters":
                return replace(self, meters=rows)
            case _:
                return replace(self, systems=rows)

    def added(self, kind: str) -> "Typed":
        """With one more empty row, as long as there may be more."""
        rows = self.rows(kind)
        if len(rows) >= MOST_ROWS:
            return self
        return self.with_rows(kind, (*rows, Row(self._new_key(kind))))

    def removed(self, kind: str, key: str) -> "Typed":
        """Without a row, and without what pointed at it."""
        left = self.with_rows(kind, tuple(row for row in self.rows(kind) if row.key != key))
        if kind == "devices":
            return replace(
                left,
                meters=tuple(
                    replace(row, texts={**row.texts, "device": ""}) if row["device"] == key else row
                    for row in left.meters
                ),
            )
        if kind == "meters":
            return replace(
                left,
                systems=tuple(
                    replace(row, meters=tuple(meter for meter in row.meters if meter != key))
                    for row in left.systems
                ),
            )
        return left

    def _new_key(self, kind: str) -> str:
        used = [int(row.key) for row in self.rows(kind) if not row.stored]
        return str(max(used, default=0) + 1)


def typed_from(form: MultiDict[str, str]) -> Typed:
    """What the request's form says; unknown fields and impossible keys are passed over."""
    facts = {question.name: _text(form.get(question.name, "")) for question in FACTS}
    rows = {kind: tuple(_rows(form, kind)) for kind in KINDS}
    return Typed(facts=facts, use_place=form.get("use_place", "") == "yes", **rows)


def name_of(kind: str, key: str, field_name: str) -> str:
    """The name of a row's field in the form."""
    return f"{kind}-{key}-{field_name}"


def _rows(form: MultiDict[str, str], kind: str) -> Iterator[Row]:
    keys = dict.fromkeys(key for key in form.getlist(kind) if _KEY.fullmatch(key))
    for key in list(keys)[:MOST_ROWS]:
        texts = {name: _text(form.get(name_of(kind, key, name), "")) for name in _TEXTS[kind]}
        counted = form.getlist(name_of(kind, key, "meters")) if kind == "systems" else []
        yield Row(key, texts, tuple(dict.fromkeys(each for each in counted if _KEY.fullmatch(each))))


def _text(text: str) -> str:
    return text[:_LONGEST]

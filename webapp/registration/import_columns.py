"""The columns of a table of households, and how a row of it is the form that somebody would have filled in.

Groups repeat: `device_1`, `meter_1_type`, `system_1_power_kw`, then `_2` and so on, up to as many as a form
has. `reference` is the researchers' own key of a household: the same one in a later file is the same one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from webapp.registration.questions import FACTS, tidy
from webapp.registration.tables import Table, TableFault, TableRow
from webapp.registration.trouble import Trouble
from webapp.registration.typed import MOST_ROWS, Row, Typed, name_of
from webapp.translation import marked

REFERENCE = "reference"
SINGLE = (REFERENCE, *(question.name for question in FACTS))
OPTIONAL = frozenset(question.name for question in FACTS if question.missing is None)
# Columns of a group and the form's field; "" stands for the group's own column (`device_1`).
GROUPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "device": ("devices", {"": "name"}),
    "meter": ("meters", {"type": "type", "model": "model", "protocol": "protocol", "device": "device"}),
    "system": (
        "systems",
        {
            "power_kw": "power",
            "azimuth_deg": "azimuth",
            "tilt_deg": "tilt",
            "installed_on": "installed",
            "meters": "meters",
        },
    ),
}
_GROUP = re.compile(r"(device|meter|system)_([1-9][0-9]?)(?:_([a-z_]+))?")
_SEVERAL = re.compile(r"[\s,;+&]+")
_LONGEST_REFERENCE = 60
_CODE_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Columns:
    """Which cell holds what: `places` by the name of the form's field, `headings` by that too.

    `members`: the numbers that a group has columns for.
    """

    places: Mapping[str, int]
    headings: Mapping[str, str]
    members: Mapping[str, tuple[str, ...]]

    def heading(self, name: str) -> str:
        """The column that a field of the form comes from; its own name where there is no such column."""
        return self.headings.get(name) or column_of(name)


@dataclass(frozen=True, slots=True)
class FilledRow:
    """A row as a form; `faults` by field, of what cannot even be filled in."""

    number: int
    reference: str
    typed: Typed
    faults: Mapping[str, Trouble] = field(default_factory=dict)


def column_of(name: str) -> str:
    """`meters-2-model` stands in the column `meter_2_model`."""
    kind, _, rest = name.partition("-")
    key, _, inner = rest.rpartition("-")
    for group, (its_kind, columns) in GROUPS.items():
        for column, field_name in columns.items():
            if kind == its_kind and inner == field_name:
                return f"{group}_{key}" + (f"_{column}" if column else "")
    return name


def read_columns(table: Table) -> Columns:
    """Raises TableFault for headings that are unknown, doubled or missing."""
    places: dict[str, int] = {}
    headings: dict[str, str] = {}
    unknown, doubled = [], []
    for place, heading in enumerate(table.headings):
        if not heading:
            continue
        name = _name(re.sub(r"[\s-]+", "_", heading.strip().lower()))
        if name is None:
            unknown.append(heading)
        elif name in places:
            doubled.append(heading)
        else:
            places[name], headings[name] = place, heading
    missing = [name for name in SINGLE if name not in places and name not in OPTIONAL]
    for text, names in (
        (marked("The file has columns that are not known: %(names)s. See the template."), unknown),
        (marked("The file has columns twice: %(names)s."), doubled),
        (marked("The file lacks columns: %(names)s. See the template."), missing),
    ):
        if names:
            raise TableFault(text, names=", ".join(names[:20]))
    members = {
        group: tuple(
            number
            for number in map(str, range(1, MOST_ROWS + 1))
            if any(name_of(kind, number, inner) in places for inner in inners.values())
        )
        for group, (kind, inners) in GROUPS.items()
    }
    return Columns(places, headings, members)


def fill(row: TableRow, columns: Columns) -> FilledRow:
    """The row as a form. Pure."""

    def cell(name: str) -> str:
        place = columns.places.get(name)
        return row.cells[place] if place is not None and place < len(row.cells) else ""

    names = {place: name for name, place in columns.places.items()}
    faults = {names[place]: trouble for place, trouble in row.faults.items() if place in names}
    reference = tidy(cell(REFERENCE))
    if not 1 <= len(reference) <= _LONGEST_REFERENCE or not reference.isprintable():
        faults[REFERENCE] = Trouble(
            marked("Give each household a key of your own of up to 60 characters, such as H-017.")
        )
    facts = {question.name: cell(question.name) for question in FACTS}
    if facts["postal_code"].isdigit():  # spreadsheets take the zero from 01067
        facts["postal_code"] = facts["postal_code"].zfill(_CODE_DIGITS)
    rows = {kind: _group_rows(group, columns.members[group], cell) for group, (kind, _) in GROUPS.items()}
    meters = tuple(_with_device(meter, rows["devices"], faults) for meter in rows["meters"])
    systems = tuple(_with_meters(system, rows["meters"], faults) for system in rows["systems"])
    typed = Typed(facts=facts, devices=rows["devices"], meters=meters, systems=systems, use_place=True)
    return FilledRow(row.number, reference, typed, faults)


def _name(heading: str) -> str | None:
    if heading in SINGLE:
        return heading
    match = _GROUP.fullmatch(heading)
    if match is None or int(match[2]) > MOST_ROWS:
        return None
    kind, columns = GROUPS[match[1]]
    field_name = columns.get(match[3] or "")
    return None if field_name is None else name_of(kind, match[2], field_name)


def _group_rows(group: str, numbers: tuple[str, ...], cell: Callable[[str], str]) -> tuple[Row, ...]:
    """The members of a group of which anything is filled in."""
    kind, columns = GROUPS[group]
    rows = []
    for number in numbers:
        texts = {field_name: cell(name_of(kind, number, field_name)) for field_name in columns.values()}
        if any(texts.values()):
            rows.append(Row(number, texts))
    return tuple(rows)


def _with_device(meter: Row, devices: tuple[Row, ...], faults: dict[str, Trouble]) -> Row:
    """A device is meant by its name or by its number."""
    meant = tidy(meter["device"])
    keys = {row.key: row.key for row in devices} | {tidy(row["name"]): row.key for row in devices}
    if meant and meant not in keys:
        faults[name_of("meters", meter.key, "device")] = Trouble(
            marked("No device of this row is called %(name)s."), {"name": meant}
        )
    return Row(meter.key, {**meter.texts, "device": keys.get(meant, "")})


def _with_meters(system: Row, meters: tuple[Row, ...], faults: dict[str, Trouble]) -> Row:
    """Meters are meant by their numbers, several with + between them."""
    known = {row.key for row in meters}
    meant = [part.lower().removeprefix("meter_") for part in _SEVERAL.split(system["meters"]) if part]
    if not known.issuperset(meant):
        faults[name_of("systems", system.key, "meters")] = Trouble(
            marked("Give the numbers of meters in this row, such as 2 or 2+3.")
        )
    texts = {name: text for name, text in system.texts.items() if name != "meters"}
    return Row(system.key, texts, tuple(dict.fromkeys(part for part in meant if part in known)))

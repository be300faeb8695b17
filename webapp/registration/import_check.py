"""A dry run over a table of households: every fault by row and column, before anything is written."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.registration.checking import Checking
from webapp.registration.entries import EmailFault, Entries, parse
from webapp.registration.household_table import household_id
from webapp.registration.import_columns import REFERENCE, Columns, FilledRow, fill, read_columns
from webapp.registration.tables import read_table
from webapp.registration.trouble import Trouble
from webapp.translation import marked


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, or looks so, in one cell; `row` as the file counts, `column` by its heading."""

    row: int
    column: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row that can be registered; `draft`: the uuid from which those of the household follow."""

    number: int
    reference: str
    draft: str
    entries: Entries


@dataclass(frozen=True, slots=True)
class Checked:
    """`faults` keep the whole file from being imported; `doubts` are only told."""

    rows: int
    good: tuple[GoodRow, ...] = ()
    faults: tuple[Finding, ...] = ()
    doubts: tuple[Finding, ...] = field(default_factory=tuple)


def check_file(content: bytes, namespace: uuid.UUID, checking: Checking, email_fault: EmailFault) -> Checked:
    """`namespace`: this centre's own, so that uuids cannot be guessed from references. Raises TableFault."""
    table = read_table(content)
    columns = read_columns(table)
    filled = [fill(row, columns) for row in table.rows]
    twice = {name for name, count in Counter(row.reference for row in filled).items() if count > 1}
    good: list[GoodRow] = []
    faults: list[Finding] = []
    doubts: list[Finding] = []
    for row in filled:
        draft = draft_of(row.reference, namespace)
        found: dict[str, Trouble] = {}
        if row.reference in twice and REFERENCE not in row.faults:
            found[REFERENCE] = Trouble(marked("Another row has the same reference."))
        parsed = parse(row.typed, email_fault)
        found = {**found, **parsed.faults, **row.faults}
        if found or parsed.entries is None:
            faults += _findings(row, columns, found)
            continue
        checked = checking.check(parsed.entries, use_place=row.typed.use_place, household=household_id(draft))
        doubts += _findings(row, columns, checked.doubts)
        good.append(GoodRow(row.number, row.reference, draft, checked.entries))
    return Checked(len(filled), tuple(good), tuple(faults), tuple(doubts))


def draft_of(reference: str, namespace: uuid.UUID) -> str:
    """The same reference is the same household, now and in a later file."""
    return str(uuid.uuid5(namespace, reference))


def _findings(row: FilledRow, columns: Columns, found: Mapping[str, Trouble]) -> list[Finding]:
    by_place = sorted(found.items(), key=lambda item: columns.places.get(item[0], 10_000))
    return [Finding(row.number, columns.heading(name), trouble) for name, trouble in by_place]

"""What identifies a household, collected while it is still there, in memory alone.

Every revision that the engine still gives out counts: leaves, conflicts, tombstones with fields, and what
lies below them until a compaction. A fact has a name that says nothing (`email`), and the byte strings that
say it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from anonymizer.connections import Centre
from anonymizer.household_facts import read_facts
from anonymizer.mapping import anonymized_context, granted_context
from anonymizer.proof.encodings import Run, forms_of, forms_of_run
from anonymizer.pseudonyms import Pseudonyms
from couch.blurring import Blurring
from couch.database import Database
from couch.documents import Json
from couch.identifying import Identifying, identifying_values, may_identify

_PAGE = 10_000
_TELLING_RUN = 24  # bytes of values; fewer of them together would turn up by chance as well


@dataclass(frozen=True, slots=True, repr=False)
class Fact:
    """One value that identifies, and every byte string that says it.

    `alone`: also without what stands around it; other households may then hold the same (a street, a name).
    """

    household: str
    name: str
    alone: bool
    value: str | float
    forms: frozenset[bytes] = field(default=frozenset())
    runs: frozenset[bytes] = field(default=frozenset())


def collect_facts(
    centre: Centre, household: str, pseudonyms: Pseudonyms, blurring: Blurring
) -> tuple[list[Fact], int]:
    """The household's facts, and how many values were too common to be looked for. Raises CouchError."""
    database = centre.household_as_admin(household)
    found: dict[tuple[str, str | float], list[Run]] = {}
    alone: set[tuple[str, str | float]] = set()
    for doc in revisions_of(database):
        for seen in identifying_values(doc):
            _add(found, alone, seen)
    runs = _elsewhere(centre, database, household, pseudonyms, blurring)
    facts, common = [], 0
    for (name, value), around in found.items():
        stands_alone = (name, value) in alone
        told = [run for run in around if _tells(run)]
        if not stands_alone and not told:
            common += 1
            continue
        told += [run for run in runs if value in (member for _, member in run)]
        facts.append(
            Fact(
                household=household,
                name=name,
                alone=stands_alone,
                value=value,
                forms=forms_of(value) if stands_alone else frozenset(),
                runs=frozenset(form for run in told for form in forms_of_run(run)),
            )
        )
    return facts, common


def _add(
    found: dict[tuple[str, str | float], list[Run]], alone: set[tuple[str, str | float]], value: Identifying
) -> None:
    key = (value.name, value.value)
    runs = found.setdefault(key, [])
    if value.run and value.run not in runs:
        runs.append(value.run)
    if value.alone:
        alone.add(key)


def _tells(run: Run) -> bool:
    return len(run) > 1 and sum(len(str(value).encode()) for _, value in run) >= _TELLING_RUN


def revisions_of(database: Database) -> Iterator[Json]:
    """Every revision of every document that can name somebody, as far as its body is still there."""
    since, ids = "0", []
    while True:
        batch = database.changes(since, limit=_PAGE, include_docs=False)
        if not batch.changes:
            break
        since = batch.last_seq
        ids += [change.id for change in batch.changes if may_identify(change.id)]
    for doc_id in ids:
        leaves = [leaf["_rev"] for leaf in database.leaves(doc_id)]
        revs = set(leaves)
        for leaf in database.bulk_get([(doc_id, rev) for rev in leaves], revs=True):
            path = leaf["_revisions"]
            revs |= {f"{path['start'] - depth}-{digest}" for depth, digest in enumerate(path["ids"])}
        yield from database.bulk_get([(doc_id, rev) for rev in sorted(revs)])


def _elsewhere(
    centre: Centre, database: Database, household: str, pseudonyms: Pseudonyms, blurring: Blurring
) -> list[Run]:
    """The forms in which `registry` and `research` hold the same facts, where those are to go."""
    facts = read_facts(database, lambda _doc, _err: None)
    exact = granted_context(facts, household, pseudonyms)
    stays = {value.run for value in identifying_values(anonymized_context(exact, None, blurring).to_json())}
    docs = [exact.to_json(), *centre.registry.documents(keys=[f"household:{household}"])]
    return [value.run for doc in docs for value in identifying_values(doc) if value.run not in stays]

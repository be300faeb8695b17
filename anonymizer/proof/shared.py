"""Values that are still there after an erasure because others hold the same: a street, a common name."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from anonymizer.connections import Centre
from anonymizer.proof.encodings import forms_of_run
from anonymizer.proof.facts import Fact, revisions_of
from couch.documents import Json
from couch.errors import NotFound
from couch.identifying import identifying_values
from couch.names import REGISTRY, RESEARCH, household_of

_DATABASE = re.compile(
    r"/(household-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|registry|research)(?=[./_-])"
)


@dataclass(slots=True)
class _Said:
    """What a database says of others."""

    texts: list[str] = field(default_factory=list)
    numbers: set[float] = field(default_factory=set)
    runs: set[bytes] = field(default_factory=set)


class Others:
    """Asks the databases what they say of other households; each database is read once."""

    def __init__(self, centre: Centre, own: frozenset[str]) -> None:
        """`own`: uuids and pseudonyms of the households that are searched for."""
        self._centre = centre
        self._own = own
        self._read: dict[str, _Said] = {}

    def hold(self, fact: Fact, string: bytes, file: Path) -> bool:
        """Whether the file belongs to a database that says the same of somebody else.

        A string with a uuid or a pseudonym of the household in it is said of nobody else.
        """
        found = _DATABASE.search(str(file))
        if found is None or household_of(found[1]) in self._own:
            return False
        said = self._said(found[1])
        if string in fact.runs:
            return any(string in run for run in said.runs)  # theirs may have more members around it
        if isinstance(fact.value, str):
            wanted = _plain(fact.value)
            return any(wanted in text for text in said.texts)
        return any(repr(fact.value) in repr(number) for number in said.numbers)

    def _said(self, name: str) -> _Said:
        if name not in self._read:
            self._read[name] = said = _Said()
            for doc in self._docs(name):
                for value in identifying_values(doc):
                    if isinstance(value.value, str):
                        said.texts.append(_plain(value.value))
                    else:
                        said.numbers.add(value.value)
                    said.runs |= forms_of_run(value.run)
        return self._read[name]

    def _docs(self, name: str) -> Iterator[Json]:
        database = self._centre.admin.database(name)
        try:
            if name == REGISTRY:
                yield from self._of_others(database.documents(start="household:", end="household;"))
            elif name == RESEARCH:
                yield from self._of_others(database.documents(start="context:", end="context;"))
            else:
                yield from revisions_of(database)
        except NotFound:
            return  # destroyed meanwhile

    def _of_others(self, docs: Iterator[Json]) -> Iterator[Json]:
        return (doc for doc in docs if doc["_id"].partition(":")[2] not in self._own)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()

"""Values that are still there after an erasure because others hold the same: a street, a common name."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from anonymizer.connections import Centre
from anonymizer.proof.facts import Fact
from couch.documents import Json
from couch.errors import NotFound
from couch.identifying import identifying_values, may_identify
from couch.names import REGISTRY, RESEARCH

_DATABASE = re.compile(
    r"/(household-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|registry|research)(?=[./_-])"
)


class Others:
    """Asks the databases what they say of other households; each database is read once."""

    def __init__(self, centre: Centre, households: frozenset[str]) -> None:
        """`households`: those that are searched for."""
        self._centre = centre
        self._own = households
        self._read: dict[str, list[str | float]] = {}

    def hold(self, fact: Fact, file: Path) -> bool:
        """Whether the file belongs to a database that, as it stands, says the same of somebody else."""
        found = _DATABASE.search(str(file))
        if found is None or found[1].removeprefix("household-") in self._own:
            return False
        name = found[1]
        if name not in self._read:
            self._read[name] = list(self._values(name))
        if isinstance(fact.value, str):
            wanted = _plain(fact.value)
            return any(isinstance(one, str) and wanted in _plain(one) for one in self._read[name])
        return any(not isinstance(one, str) and one == fact.value for one in self._read[name])

    def _values(self, name: str) -> Iterator[str | float]:
        try:
            docs = list(self._docs(name))
        except NotFound:
            return
        for doc in docs:
            if doc.get("household") not in self._own:
                yield from (value.value for value in identifying_values(doc))

    def _docs(self, name: str) -> Iterator[Json]:
        database = self._centre.admin.database(name)
        if name == REGISTRY:
            yield from database.documents(start="household:", end="household;")
        elif name == RESEARCH:
            yield from database.documents(start="context:", end="context;")
        else:
            ids = [doc_id for doc_id, _rev in database.rows() if may_identify(doc_id)]
            yield from database.documents(keys=ids)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()

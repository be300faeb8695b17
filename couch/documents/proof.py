"""What the searches of raw files around an erasure found: counts and times, never what was looked for."""

from datetime import datetime

from couch.documents.fields import Document, Fields, Uuid


class FileSearch(Fields, frozen=True, kw_only=True):
    """One pass over the files.

    `facts` were looked for in all the forms they can have, `found` of them were there, their byte strings
    `occurrences` times. `shared`: facts that are still there since other households hold the same (a street);
    they were not found together with anything else of this household.
    """

    at: datetime  # when it ended
    facts: int
    found: int
    occurrences: int
    shared: int = 0
    files: int
    bytes: int


class ErasureProof(Document, frozen=True, kw_only=True, tag="erasure_proof"):
    """Beside the record of an erasure in `registry`; with `before`, the household may be destroyed."""

    household: Uuid
    too_common: int = 0  # values that were not looked for: even together with others they name nobody
    before: FileSearch | None = None
    after: FileSearch | None = None

    @property
    def id(self) -> str:
        return f"proof:{self.household}"

    @property
    def holds(self) -> bool:
        """Whether everything was found before and nothing after."""
        if self.before is None or self.after is None:
            return False
        return 0 < self.before.facts == self.before.found and self.after.occurrences == 0

"""What `research` keeps of the data sets that went out, and of households to be taken out of them.

Pseudonyms alone: nothing here names anybody, so it outlives an erasure.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from couch.documents.fields import Document, Pseudonym

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class ExportRecord(Document, frozen=True, kw_only=True, tag="export"):
    """A data file that went out, in `research`: the same bytes exported again are the same record."""

    sha256: Sha256  # of the file
    at: datetime  # when it went out first
    from_at: datetime  # slots from here
    to_at: datetime  # up to, but without, this one
    format: Literal["ndjson", "json", "csv", "parquet"]
    households: tuple[Pseudonym, ...]  # that it holds something of, sorted

    @property
    def id(self) -> str:
        return f"export:{self.sha256}"


class Withdrawal(Document, frozen=True, kw_only=True, tag="withdrawal"):
    """A household of which research keeps nothing, in `research`: earlier data sets still hold it."""

    household: Pseudonym

    @property
    def id(self) -> str:
        return f"withdrawal:{self.household}"

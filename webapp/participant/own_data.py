"""The copy of one's own data: everything that this device's database holds of the household, file by file.

Each kind of record stands in two files, JSON lines (as stored) and CSV (for spreadsheets); a file in the
reader's language explains them. Constant memory, however many years.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

import msgspec

from couch.client import Database
from couch.documents import Json
from webapp.dates import local
from webapp.numbers import number
from webapp.participant.data_tables import QUANTITY, columns, csv_line, rows
from webapp.participant.record_words import HEARTBEAT, KINDS, LOCATION, REGISTRATION, Kind
from webapp.participant.streamed_zip import Pieces
from webapp.translation import gettext

FILES = {
    "measurement": "measurements",
    "gap": "gaps",
    "registration": "registration",
    "location": "location",
    "pv_system": "pv_systems",
    "meter": "meters",
    "device": "devices",
    "consent": "consents",
    "report": "reports",
    "order": "orders",
    "answer": "answers",
    "heartbeat": "heartbeat",
}
_SINGLE = {REGISTRATION.type, LOCATION.type}  # their id is their type
_PAGE = 200  # documents at a time: a thousand measurements take 10 MB in Python
_INNER = ("_rev",)  # the database's own; says nothing of anybody
_WIDTH = 76


@dataclass(slots=True)
class Copy:
    """What goes into the archive; `counts`: records by type, as far as they were written."""

    replica: Database
    household: str
    device: str
    made_at: datetime
    zone: tzinfo
    counts: dict[str, int] = field(default_factory=dict)

    def files(self) -> Iterator[tuple[str, Pieces]]:
        """Name and content of each file, to be read in this order: the explanations count the records."""
        for kind in KINDS:
            name = FILES[kind.type]
            yield f"{name}.jsonl", self._json_lines(kind)
            yield f"{name}.csv", self._csv(kind)
        yield gettext("README.txt"), (line.encode() for line in self._explained())

    def _json_lines(self, kind: Kind) -> Pieces:
        self.counts[kind.type] = 0
        for doc in self._documents(kind):
            self.counts[kind.type] += 1
            yield msgspec.json.encode(doc) + b"\n"

    def _csv(self, kind: Kind) -> Pieces:
        yield csv_line(columns(kind))
        for doc in self._documents(kind):
            for cells in rows(kind, doc):
                yield csv_line(cells)

    def _documents(self, kind: Kind) -> Iterator[Json]:
        for doc in self._stored(kind):
            yield {name: value for name, value in doc.items() if name not in _INNER}

    def _stored(self, kind: Kind) -> Iterable[Json]:
        if kind is HEARTBEAT:
            found = self.replica.local(kind.type)
            return [] if found is None else [found]
        if kind.type in _SINGLE:
            return self.replica.documents(keys=[kind.type])
        prefix = f"{kind.type}:"
        return self.replica.documents(start=prefix, end=f"{prefix}\ufff0", page=_PAGE)

    def _explained(self) -> Iterator[str]:
        yield from _titled(gettext("A copy of your data"), "=")
        made = gettext("Made on %(when)s", when=local(self.made_at, self.zone))
        yield f"{made}\n"
        yield f"{gettext('Household')}: {self.household}\n{gettext('Device')}: {self.device}\n\n"
        yield from _wrapped(
            gettext(
                "This is everything that the database of this device holds of your household. Files that end "
                "in .jsonl hold a record in each line, just as it is stored (JSON); files that end in .csv "
                "hold the same as a table for spreadsheets: commas between the columns, a point before "
                "decimals, UTF-8. Times are UTC: in Germany it is one hour later in winter and two in summer."
            )
        )
        yield from _wrapped(
            gettext(
                "Older measurements that this device was told to forget, and what other devices of your "
                "household measured, are at the research centre: the researchers send you a copy of that, "
                "too. The number and the PIN of your meters are in the settings of the device, not in this "
                "copy."
            )
        )
        yield from _wrapped(
            gettext(
                "Keep this copy to yourself: whoever has it can see from it when somebody was at home, and "
                "when not."
            )
        )
        for kind in KINDS:
            yield from self._kind_explained(kind)

    def _kind_explained(self, kind: Kind) -> Iterator[str]:
        name = FILES[kind.type]
        yield from _titled(f"{name}.jsonl, {name}.csv: {gettext(kind.title)}", "-")
        yield from _wrapped(gettext(kind.about))
        yield gettext("Records: %(count)s", count=number(self.counts[kind.type])) + "\n"
        for path, words in kind.fields.items():
            yield f"  {path}: {gettext(words)}\n"
        if QUANTITY in columns(kind):
            yield f"  {QUANTITY}: " + gettext("value times ten to the power of scaler (CSV only)") + "\n"
        yield "\n"


def _titled(text: str, line: str) -> Iterator[str]:
    yield f"{text}\n{line * len(text)}\n\n"


def _wrapped(text: str) -> Iterator[str]:
    from textwrap import wrap  # noqa: PLC0415 - an idle page does without it

    yield "\n".join(wrap(text, _WIDTH)) + "\n\n"

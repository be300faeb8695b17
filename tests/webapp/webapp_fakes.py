"""A database in memory in place of CouchDB, as much of it as the pages use.

`test_fakes.py` runs the same expectations against these and the real thing.
"""

import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from couch.client import BulkResult, Change, ChangesBatch, ViewRow
from couch.database import same_content
from couch.documents import Json, Measurement
from couch.errors import Conflict, NotFound
from webapp.participant.energy.registers import counters, power

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
import view_fake


class FakeDatabase:
    """As much of `couch.client.Database` as the pages use."""

    def __init__(self) -> None:
        self.docs: dict[str, Json] = {}
        self.locals: dict[str, Json] = {}
        self.fails: Exception | None = None
        self.absent = False
        self.instance = uuid.uuid4().hex

    def _ask(self) -> None:
        if self.fails is not None:
            raise self.fails
        if self.absent:
            raise NotFound("GET found nothing", error="not_found", reason="no_db_file", status=404)

    def info(self) -> Json:
        self._ask()
        count = len(self.docs)
        return {
            "doc_count": count,
            "instance_start_time": self.instance,
            "update_seq": str(count),  # as `changed_since` counts
            "purge_seq": "0",
        }

    def exists(self) -> bool:
        if self.fails is not None:
            raise self.fails
        return not self.absent

    def find(self, doc_id: str) -> Json | None:
        self._ask()
        return self.docs.get(doc_id)

    def leaves(self, doc_id: str) -> list[Json]:
        found = self.find(doc_id)
        return [found] if found else []

    def put_once(self, doc: Json) -> bool:
        self._ask()
        stands = self.docs.get(doc["_id"])
        if stands is None:
            self.docs[doc["_id"]] = {**doc, "_rev": "1-a"}
            return True
        if same_content(stands, doc):
            return False
        raise Conflict("other content", error="conflict", status=409)

    def bulk(self, docs: Sequence[Json]) -> list[BulkResult]:
        self._ask()
        self.docs |= {doc["_id"]: {**doc, "_rev": "1-a"} for doc in docs}
        return [BulkResult(doc["_id"], "1-a") for doc in docs]

    def replace(self, doc_id: str, change: Callable[[Json | None], Json | None]) -> Json | None:
        self._ask()
        wanted = change(self.docs.get(doc_id))
        if wanted is not None:
            self.docs[doc_id] = {**wanted, "_id": doc_id, "_rev": "2-a"}
        return None if wanted is None else self.docs[doc_id]

    def documents(
        self,
        *,
        start: str | None = None,
        end: str | None = None,
        keys: list[str] | None = None,
        page: int = 1000,
    ) -> Iterator[Json]:
        self._ask()
        ids = sorted(self.docs) if keys is None else [key for key in keys if key in self.docs]
        for doc_id in ids:
            if (start is None or doc_id >= start) and (end is None or doc_id <= end):
                yield self.docs[doc_id]

    def changes(self, since: str = "0", *, limit: int = 1000, include_docs: bool = True) -> ChangesBatch:
        """Always everything: a test may change `docs` behind our back; what it takes away stays known."""
        self._ask()
        changes = tuple(Change("1-fake", name, ("1-a",), False, doc) for name, doc in self.docs.items())
        return ChangesBatch(changes, "1-fake", 0)

    def changed_since(self, since: str, doc_ids: Sequence[str]) -> set[str]:
        """A sequence counts the documents that were written, in their order; nothing is changed here."""
        self._ask()
        return set(list(self.docs)[int(since) :]) & set(doc_ids)

    def rows(
        self, *, start: str | None = None, end: str | None = None, page: int = 1000
    ) -> Iterator[tuple[str, str]]:
        for doc in self.documents(start=start, end=end):
            yield doc["_id"], doc["_rev"]

    def local(self, name: str) -> Json | None:
        self._ask()
        return self.locals.get(name)

    def local_documents(self) -> list[Json]:
        self._ask()
        return [{"_id": f"_local/{name}", **body} for name, body in self.locals.items()]

    def view(self, design: str, view: str, **params: Any) -> Iterator[ViewRow]:
        self._ask()
        docs = self.docs.values()
        own = _VIEWS.get((design, view))
        yield from view_fake.answer(docs, design, view, params) if own is None else own(docs, params)


def _amounts_by_day_meter(docs: Any, params: Mapping[str, Any]) -> list[ViewRow]:
    """The choice of counters and powers is `registers.py`'s; a test holds that to the map function."""
    rows: dict[tuple[str, str, str, int], list[int]] = {}
    for doc in docs:
        if doc["type"] != "measurement" or not isinstance(doc["data"], list):
            continue
        one = Measurement.from_json(doc)
        place = (doc["slot"][:10], doc["meter"])
        rows.setdefault((*place, "slot", 0), []).append(1)
        found = counters(one.data)
        watts = None if found else power(one.data)
        if doc["slot"][14:16] == "00":
            for code, reading in found.items():
                rows.setdefault((*place, code, reading.scaler), []).append(reading.value)
        if watts is not None:
            scaler = min(reading.scaler for reading in one.data)
            value = int(watts.scaleb(-scaler))
            rows.setdefault((*place, "-" if value < 0 else "+", scaler), []).append(abs(value))
    first, last = params["start_key"][0], params["end_key"][0]
    return [
        ViewRow(None, list(key), {"sum": sum(v), "count": len(v), "min": min(v), "max": max(v)})
        for key, v in sorted(rows.items())
        if first <= key[0] <= last
    ]


def _by_meter_slot(docs: Any, params: Mapping[str, Any], kind: str, field: str) -> list[ViewRow]:
    rows = sorted((doc["meter"], doc[field], doc["_id"]) for doc in docs if doc["type"] == kind)
    by_id = {doc["_id"]: doc for doc in docs}
    down = params.get("descending", False)
    low, high = (params["end_key"], params["start_key"]) if down else (params["start_key"], params["end_key"])
    bottom, top = ([part if part != {} else "\uffff" for part in end] for end in (low, high))
    found = [row for row in rows if bottom <= list(row[:2]) <= [*top, "\uffff"][:2]]
    found = found[::-1] if down else found
    return [
        ViewRow(
            doc_id,
            [meter, slot],
            {name: by_id[doc_id].get(name) for name in ("to_slot", "cause")} if kind == "gap" else None,
            by_id[doc_id] if params.get("include_docs") else None,
        )
        for meter, slot, doc_id in found[: params.get("limit")]
    ]


_VIEWS: dict[tuple[str, str], Callable[[Any, Any], list[ViewRow]]] = {
    ("page", "amounts_by_day_meter"): _amounts_by_day_meter,
    ("page", "measurements_by_meter_slot"): lambda docs, params: _by_meter_slot(
        docs, params, "measurement", "slot"
    ),
    ("page", "gaps_by_meter_slot"): lambda docs, params: _by_meter_slot(docs, params, "gap", "from_slot"),
}


class FakeServer:
    """As much of `couch.client.Server` as the centre's pages use."""

    url = "http://fake:5984"

    def __init__(self) -> None:
        self.databases = {name: FakeDatabase() for name in ("registry", "research")}

    def add(self, name: str) -> FakeDatabase:
        """A database that is there from now on."""
        return self.databases.setdefault(name, FakeDatabase())

    def database(self, name: str) -> FakeDatabase:
        if name not in self.databases:
            gone = FakeDatabase()
            gone.absent = True
            return gone
        return self.databases[name]

"""Making what was written before really go away: ancestors, tombstones, old bodies, views (design 11.4).

Everything here needs the server's administrator and can be repeated.

- A superseded body goes with the next compaction that begins after it was superseded. One that was running at
  that moment may have copied it already, so it is waited out first. `_compact` answers before the compaction
  has begun, and its flag in the database's information rises and falls unseen: what shows that one has come
  and gone is that an old body of a document chosen for that, the probe, cannot be read any more.
- A view's file keeps rows of the old document until the view is read once more and the file compacted.
- The hash in a revision id is made of the body. Whoever knows the rest of a document could try out locations
  or names until the hash of an old revision comes out. So the ancestry goes as well: the same content is
  written as a new root, then every other branch is purged; the document is never absent.
"""

import hashlib
import time
from collections.abc import Callable, Iterable

import msgspec

from couch.client import Database
from couch.document_content import content_of, path_of
from couch.documents.fields import Json
from couch.errors import NotFound, Refused, Unreachable

COMPACT_WITHIN_S = 6 * 3600.0
_ASK_EVERY_S = 0.05
_IDLE_ASKS = 10
_ASK_AGAIN_S = 2.0  # a request to compact that was lost is repeated after this


def forget_ancestry(database: Database, doc_id: str) -> bool:
    """Leave of the document its winning content alone, as a revision without ancestors and without rivals.

    A deleted document is forgotten altogether. False where there was nothing to forget.
    """
    before = [leaf["_rev"] for leaf in database.leaves(doc_id)]
    winner = database.bulk_get([(doc_id, None)], revs=True)
    keep = _kept(database, winner[0]) if winner and not winner[0].get("_deleted") else None
    if keep is not None and keep not in (leaf["_rev"] for leaf in database.leaves(doc_id)):
        raise Unreachable(f"a document of {database.name} changed meanwhile; it is written anew again.")
    others = [rev for rev in before if rev != keep]  # what came since then stays
    if others:
        database.purge({doc_id: others})
    return bool(others)


def _kept(database: Database, doc: Json) -> str:
    """The revision without foreign ancestors that says what `doc` does, written where there was none."""
    content = content_of(doc)
    digest = _digest(doc["_id"], content)
    ids = doc["_revisions"]["ids"]
    if doc["_revisions"]["start"] == len(ids) and ids[-1] == digest:
        return str(doc["_rev"])  # written anew before: what came after that root says the same
    root = {"_id": doc["_id"], **content, "_rev": f"1-{digest}", "_revisions": {"start": 1, "ids": [digest]}}
    failed = database.bulk([root], new_edits=False)
    if failed:
        raise Refused(
            f"a document of {database.name} could not be written anew ({failed[0].reason}).",
            error=failed[0].error or "",
            reason=failed[0].reason or "",
        )
    return f"1-{digest}"


def purge_tombstones(database: Database, prefixes: tuple[str, ...]) -> int:
    """Forget the deleted documents whose ids begin with one of `prefixes`; how many there were."""
    found: dict[str, list[str]] = {}
    since = "0"
    while True:
        batch = database.changes(since, limit=10_000, include_docs=False)
        if not batch.changes:
            break
        since = batch.last_seq
        found |= {
            change.id: list(change.revs)
            for change in batch.changes
            if change.deleted and change.id.startswith(prefixes)
        }
    database.purge(found)
    return len(found)


def compact(database: Database, probe: str | None, *, within_s: float = COMPACT_WITHIN_S) -> None:
    """Compact views and documents and return when it is done.

    `probe`: a document of the database; it is written once more, with what it says already. None: the end is
    known by the engine's flag alone, for databases where nothing depends on it.
    Raises Unreachable when it has not ended in time, NotFound without the probe.
    """
    ends = time.monotonic() + within_s
    for design in _designs_with_views(database):
        _compact_views(database, design, ends)
    database.clean_views()
    idle = _idle(lambda: bool(database.info().get("compact_running")))
    _until(lambda: not database.info().get("compact_running"), ends)
    if probe is None:
        database.server.transport.request("POST", database.name, "_compact", body={}, repeatable=True)
        _until(idle, ends)
        return
    before = database.get(probe)
    database.put(before)
    _compact_documents(database, probe, before["_rev"], ends)


def _compact_documents(database: Database, probe: str, old_rev: str, ends: float) -> None:
    transport = database.server.transport
    asked = 0.0

    def gone() -> bool:
        nonlocal asked
        running = database.info().get("compact_running")
        if not running and time.monotonic() - asked > _ASK_AGAIN_S:
            transport.request("POST", database.name, "_compact", body={}, repeatable=True)
            asked = time.monotonic()
        try:
            transport.request("GET", database.name, *path_of(probe), params={"rev": old_rev})
        except NotFound:
            return not database.info().get("compact_running")
        return False

    _until(gone, ends)


def _compact_views(database: Database, design: Json, ends: float) -> None:
    """An index is brought up to date, so that it has no rows of old documents, then written anew."""
    name = design["_id"].removeprefix("_design/")
    view = next(view for view in design["views"] if view != "lib")
    transport = database.server.transport

    def up_to_date() -> bool:
        try:
            list(database.view(name, view, limit=1, reduce=False))
        except Unreachable:  # the build goes on although the request ended
            return False
        return True

    def at_rest() -> bool:
        info = transport.request("GET", database.name, "_design", name, "_info")["view_index"]
        return not (info.get("compact_running") or info.get("updater_running"))

    _until(up_to_date, ends)
    _until(at_rest, ends)
    size = _file_size(database, name)
    transport.request("POST", database.name, "_compact", name, body={}, repeatable=True)
    # Its flag may not have risen yet: a file of another size shows the end, else a while without a flag.
    idle = _idle(lambda: not at_rest())
    _until(lambda: idle() or (at_rest() and _file_size(database, name) != size), ends)


def _file_size(database: Database, design: str) -> int:
    info = database.server.transport.request("GET", database.name, "_design", design, "_info")["view_index"]
    return int(info.get("sizes", {}).get("file", 0))


def _designs_with_views(database: Database) -> Iterable[Json]:
    params = {"start_key": '"_design/"', "end_key": '"_design0"', "include_docs": "true"}
    rows = database.server.transport.request("GET", database.name, "_all_docs", params=params)["rows"]
    return [row["doc"] for row in rows if any(view != "lib" for view in row["doc"].get("views", {}))]


def _digest(doc_id: str, content: Json) -> str:
    """The hash of a root revision: named by the content, so that two who do this at once write the same."""
    text = msgspec.json.encode(content, order="deterministic")
    return hashlib.sha256(doc_id.encode() + b"\0" + text).hexdigest()[:32]


def _idle(running: Callable[[], bool]) -> Callable[[], bool]:
    """Asked again and again: whether nothing was seen running for a while."""
    asked = 0

    def idle() -> bool:
        nonlocal asked
        asked = 0 if running() else asked + 1
        return asked >= _IDLE_ASKS

    return idle


def _until(condition: Callable[[], bool], ends: float) -> None:
    while not condition():
        if time.monotonic() >= ends:
            raise Unreachable("a compaction has not ended in time; it goes on and is looked at again.")
        time.sleep(_ASK_EVERY_S)

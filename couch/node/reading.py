"""One document, or some of its revisions, as JSON text with what was asked for beside the content."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from couch.node.answers import not_found
from couch.node.locals import read_local
from couch.node.parameters import parse_json
from couch.node.revision import Rev, parse_rev, parse_revs, rev_text
from couch.node.stored import Stored, body_of, json_text, read_one, render, revisions_text, revs_text


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What to show beside the content, and which revisions; names as CouchDB's parameters.

    Attributes: `open_revs` None where it was not asked for, () for all leaves.
    """

    rev: Rev | None = None
    open_revs: tuple[Rev, ...] | None = None
    revs: bool = False
    revs_info: bool = False
    conflicts: bool = False
    deleted_conflicts: bool = False
    local_seq: bool = False
    latest: bool = False
    deleted: bool = False

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "ReadOptions":
        """From the parameters of a request.

        Raises:
            HttpError: 400 where one of them cannot be understood.
        """

        def is_set(name: str) -> bool:
            return query.get(name) == "true"

        meta = is_set("meta")
        return cls(
            rev=parse_rev(query["rev"]) if "rev" in query else None,
            open_revs=_open_revs(query.get("open_revs")),
            revs=is_set("revs"),
            revs_info=meta or is_set("revs_info"),
            conflicts=meta or is_set("conflicts"),
            deleted_conflicts=meta or is_set("deleted_conflicts"),
            local_seq=is_set("local_seq"),
            latest=is_set("latest"),
            deleted=is_set("deleted"),
        )


def _open_revs(text: str | None) -> tuple[Rev, ...] | None:
    if text is None:
        return None
    if text == "all":
        return ()
    revs = parse_json(text)
    if revs == []:
        # CouchDB reads an empty list as if nothing had been asked.
        return None
    return tuple(parse_revs(revs))


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as it is answered. `plain` when nothing stands beside its content: then it has an ETag."""

    text: str
    rev: str
    plain: bool


def show_document(connection: sqlite3.Connection, doc_id: str, options: ReadOptions) -> Shown:
    """The winner, or the revision asked for.

    Raises:
        HttpError: 404 where it is missing or deleted.
    """
    if doc_id.startswith("_local/"):
        text = None if options.rev is not None else read_local(connection, doc_id)
        if text is None:
            raise not_found()
        rev_shown = str(parse_json(text)["_rev"])
        if options.revs:
            text = f'{text[:-1]},"_revisions":{{"start":0,"ids":["{rev_shown[2:]}"]}}}}'
        return Shown(text, rev_shown, plain=True)
    stored = read_one(connection, doc_id)
    if stored is None:
        raise not_found()
    rev = stored.rev
    if options.rev is not None and not options.latest:
        rev = options.rev
    elif stored.deleted and not options.deleted:
        raise not_found("deleted")
    body = body_of(connection, stored, rev)
    if body is None:
        raise not_found()
    meta = _meta(stored, rev, options) if options.rev is None or options.latest else []
    text = _rendered(stored, rev, body, options, meta)
    return Shown(text, rev_text(rev), plain=not meta)


def show_revisions(connection: sqlite3.Connection, doc_id: str, options: ReadOptions) -> list[str]:
    """The answer to `open_revs`: JSON texts `{"ok": ...}` and `{"missing": ...}`.

    Raises:
        HttpError: 404 where all leaves of an unknown document are asked for.
    """
    found, missing = open_revisions(connection, doc_id, options)
    if not found and not missing:
        raise not_found()
    return [f'{{"ok":{text}}}' for text in found] + [json_text({"missing": rev_text(rev)}) for rev in missing]


def open_revisions(
    connection: sqlite3.Connection, doc_id: str, options: ReadOptions
) -> tuple[list[str], list[Rev]]:
    """The revisions of `options.open_revs` as JSON texts, and those that are not stored; both sorted."""
    stored = read_one(connection, doc_id)
    wanted = options.open_revs or ()
    if stored is None:
        return [], sorted(set(wanted))
    tree = stored.tree
    if not wanted:
        wanted = tuple(leaf.rev for leaf in tree.leaves())
    texts: dict[Rev, str] = {}
    missing: list[Rev] = []
    for asked in sorted(set(wanted)):
        for rev in (tree.latest(asked) if options.latest else [asked]) or [asked]:
            body = body_of(connection, stored, rev)
            if body is None:
                missing.append(rev)
            else:
                texts[rev] = _rendered(stored, rev, body, options, [])
    return [texts[rev] for rev in sorted(texts)], missing


def _meta(stored: Stored, rev: Rev, options: ReadOptions) -> list[tuple[str, str]]:
    meta: list[tuple[str, str]] = []
    if options.revs_info:
        nodes = stored.tree.nodes
        known = [(at, nodes[at]) for at in stored.tree.path(rev)]
        status = [
            {
                "rev": rev_text(at),
                "status": "missing" if not node.stored else "deleted" if node.deleted else "available",
            }
            for at, node in known
        ]
        meta.append(("_revs_info", json_text(status)))
    if options.local_seq:
        meta.append(("_local_seq", str(stored.seq)))
    if options.conflicts and (conflicts := stored.conflicts()):
        meta.append(("_conflicts", revs_text(conflicts)))
    if options.deleted_conflicts and (deleted := stored.deleted_conflicts()):
        meta.append(("_deleted_conflicts", revs_text(deleted)))
    return meta


def _rendered(stored: Stored, rev: Rev, body: str, options: ReadOptions, meta: list[tuple[str, str]]) -> str:
    extras = [("_revisions", revisions_text(stored.tree.path(rev)))] if options.revs else []
    deleted = stored.tree.nodes[rev].deleted
    return render(stored.id, rev_text(rev), body, deleted=deleted, extras=[*extras, *meta])

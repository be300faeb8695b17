"""Revision ids: `<generation>-<hash>`, and how a new one comes about.

Source: CouchDB `couch_doc:parse_rev/1`, `couch_db:new_revid/1`.
"""

import hashlib
import string
from typing import Any

import msgspec

from couch.node.answers import HttpError, bad_request

Rev = tuple[int, str]

_HEX = frozenset(string.hexdigits)
_canonical = msgspec.json.Encoder(order="sorted").encode


def parse_rev(text: object) -> Rev:
    """The revision that `text` names.

    Raises:
        HttpError: 400 where it is not a generation, a hyphen and a hash.
    """
    if isinstance(text, str):
        generation, hyphen, rev_hash = text.partition("-")
        if hyphen and generation.isascii() and generation.isdigit() and usable_hash(rev_hash):
            return int(generation), folded_hash(rev_hash)
    raise bad_request("Invalid rev format")


def parse_revs(texts: object) -> list[Rev]:
    """A list of revisions.

    Raises:
        HttpError: 400 where it is no list, or one of them is no revision.
    """
    if not isinstance(texts, list):
        raise bad_request("Invalid list of revisions")
    return [parse_rev(text) for text in texts]


def usable_hash(rev_hash: str) -> bool:
    """CouchDB takes any text as the hash, but 32 characters must be hexadecimal."""
    return len(rev_hash) != 32 or _HEX.issuperset(rev_hash)


def folded_hash(rev_hash: str) -> str:
    """32 hexadecimal digits are one number, so their case is none of the name."""
    return rev_hash.lower() if len(rev_hash) == 32 else rev_hash


def rev_text(rev: Rev) -> str:
    """`<generation>-<hash>`."""
    return f"{rev[0]}-{rev[1]}"


def parse_revisions(value: object) -> tuple[int, tuple[str, ...]]:
    """The `_revisions` member of a document: generation of the newest, and hashes from the newest backwards.

    Raises:
        HttpError: 400 (`doc_validation`) where it has another form.
    """
    if not isinstance(value, dict) or not is_integer(value.get("start")):
        raise HttpError(400, "doc_validation", "_revisions.start isn't an integer.")
    ids = value.get("ids")
    if not isinstance(ids, list):
        raise HttpError(400, "doc_validation", "_revisions.ids isn't a array.")
    for rev_hash in ids:
        if not isinstance(rev_hash, str):
            raise HttpError(400, "doc_validation", "RevId isn't a string")
        if not usable_hash(rev_hash):
            raise HttpError(400, "doc_validation", "RevId isn't a valid hexadecimal")
    if value["start"] < 1 and ids:
        raise HttpError(400, "doc_validation", "_revisions.start isn't positive.")
    # CouchDB lets one ancestor of generation 0 pass; below that there is nothing.
    return value["start"], tuple(folded_hash(rev_hash) for rev_hash in ids[: value["start"] + 1])


def is_integer(value: object) -> bool:
    """True for JSON integers; Python's booleans are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def new_revision(parent: Rev | None, *, deleted: bool, body: dict[str, Any]) -> Rev:
    """The revision that writing `body` over `parent` makes: the same edit gives the same one on every node.

    `body` without the members that start with an underscore; the order of its members does not matter.
    """
    generation, rev_hash = parent or (0, "")
    # md5 names the content, as in CouchDB; it protects nothing.
    digest = hashlib.md5(_canonical([deleted, generation, rev_hash, body]), usedforsecurity=False)
    return generation + 1, digest.hexdigest()

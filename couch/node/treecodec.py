"""Revision trees as text for storage: runs of hashes, a thousand revisions in a few dozen kilobytes."""

from typing import Any

import msgspec

from couch.node.revision import Rev
from couch.node.revtree import Node, RevTree

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

# What is known of a revision, one letter each in a run: ancestor only, stored, stored and deleted.
_ANCESTOR, _STORED, _DELETED = "a", "s", "d"


def encode_tree(tree: RevTree) -> str | None:
    """`tree` as text; None for the commonest tree, a single stored revision (its row tells all of it)."""
    if len(tree.nodes) == 1:
        (node,) = tree.nodes.values()
        if node.stored and node.parent is None:
            return None
    runs: list[tuple[int, list[str], str, str | None]] = []
    written: set[Rev] = set()
    for start in sorted(tree.nodes, reverse=True):
        if start in written:
            continue
        hashes: list[str] = []
        marks: list[str] = []
        at: Rev | None = start
        while at is not None and at not in written:
            node = tree.nodes[at]
            written.add(at)
            hashes.append(at[1])
            marks.append(_mark(node))
            at = node.parent
        runs.append((start[0], hashes, "".join(marks), None if at is None else at[1]))
    return _encode(runs).decode()


def decode_tree(text: str | None, winner: Rev, *, deleted: bool) -> RevTree:
    """The tree that `encode_tree` wrote; `winner` and `deleted` are those of the same row."""
    if text is None:
        return RevTree({winner: Node(None, deleted, True)})
    nodes: dict[Rev, Node] = {}
    runs: list[Any] = _decode(text)
    for generation, hashes, marks, below in runs:
        parents = [*hashes[1:], below]
        for back, (rev_hash, mark, parent) in enumerate(zip(hashes, marks, parents, strict=True)):
            at = generation - back
            nodes[at, rev_hash] = Node(
                None if parent is None else (at - 1, parent), mark == _DELETED, mark != _ANCESTOR
            )
    return RevTree(nodes)


def _mark(node: Node) -> str:
    if not node.stored:
        return _ANCESTOR
    return _DELETED if node.deleted else _STORED

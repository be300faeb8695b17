"""The revision tree of one document: pure values, no storage.

A tree is the set of its revisions, each with its parent. Revision ids are hashes over what they replace, so a
revision has one parent, and merging is the union of two sets: idempotent, and independent of the order in
which revisions arrive. Where a forged history gives a revision a second parent, the greater one counts.

Source: CouchDB `couch_key_tree.erl`, and its rule for the winner (`couch_doc:to_doc_info_path/1`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from couch.node.revision import Rev


@dataclass(frozen=True, slots=True)
class Node:
    """One revision: its parent (None at a root or where the ancestry was cut), and what is known of it.

    Attributes: `stored` whether a body came with it and was not compacted away; False for revisions that are
    known only as somebody's ancestor.
    """

    parent: Rev | None
    deleted: bool = False
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """An end of a branch."""

    rev: Rev
    deleted: bool


@dataclass(frozen=True)
class RevTree:
    """All revisions that are known of one document."""

    nodes: Mapping[Rev, Node] = field(default_factory=lambda: MappingProxyType({}))

    def leaves(self) -> list[Leaf]:
        """Every leaf, the winner first: live before deleted, then the greater revision."""
        parents = {node.parent for node in self.nodes.values()}
        found = [
            Leaf(rev, node.deleted) for rev, node in self.nodes.items() if node.stored and rev not in parents
        ]
        return sorted(found, key=lambda leaf: (not leaf.deleted, leaf.rev), reverse=True)

    def winner(self) -> Leaf:
        """The leaf that the document shows. Raises IndexError in an empty tree."""
        return self.leaves()[0]

    def is_leaf(self, rev: Rev) -> bool:
        """Whether `rev` is known and nothing came after it."""
        node = self.nodes.get(rev)
        return node is not None and node.stored and all(other.parent != rev for other in self.nodes.values())

    def path(self, rev: Rev) -> list[Rev]:
        """`rev` and its known ancestors, newest first; empty where `rev` is unknown."""
        return list(self._ancestry(rev)) if rev in self.nodes else []

    def merge(self, path: Sequence[Rev], *, deleted: bool) -> "RevTree":
        """The tree with a revision and its ancestry added.

        `path` newest first and without gaps; its first is the revision whose body comes along, unless the
        tree has it already.
        """
        nodes = dict(self.nodes)
        for rev, parent in zip(path, [*path[1:], None], strict=True):
            old = nodes.get(rev, Node(None))
            nodes[rev] = Node(_greater(old.parent, parent), old.deleted, old.stored)
        if not self.has(path[0]):
            nodes[path[0]] = Node(nodes[path[0]].parent, deleted, True)
        return RevTree(nodes)

    def has(self, rev: Rev) -> bool:
        """Whether a revision is here, or is behind us: its body is of no use any more."""
        node = self.nodes.get(rev)
        return node is not None and (node.stored or any(n.parent == rev for n in self.nodes.values()))

    def stem(self, limit: int) -> "RevTree":
        """The tree with only `limit` revisions kept along each branch, counted from its leaf."""
        if len(self.nodes) <= limit:
            return self
        parents: dict[Rev, Rev | None] = {}
        for leaf in self.leaves():
            path = self.path(leaf.rev)[:limit]
            for rev, parent in zip(path, [*path[1:], None], strict=True):
                parents[rev] = parents.get(rev) or parent
        if len(parents) == len(self.nodes) and all(self.nodes[rev].parent == parents[rev] for rev in parents):
            return self
        return RevTree(
            {
                rev: Node(parent, self.nodes[rev].deleted, self.nodes[rev].stored)
                for rev, parent in parents.items()
            }
        )

    def purge(self, revs: Iterable[Rev]) -> tuple["RevTree", list[Rev]]:
        """The tree without those of `revs` that are leaves, and without ancestors that only they had.

        Also returns these leaves. Inner and unknown revisions are left alone.
        """
        leaves = {leaf.rev for leaf in self.leaves()}
        gone = [rev for rev in dict.fromkeys(revs) if rev in leaves]
        if not gone:
            return self, []
        kept: set[Rev] = set()
        for rev in leaves.difference(gone):
            kept.update(self.path(rev))
        return RevTree({rev: node for rev, node in self.nodes.items() if rev in kept}), gone

    def forget_bodies(self) -> "RevTree":
        """The tree after compaction: only leaves have bodies."""
        leaves = {leaf.rev for leaf in self.leaves()}
        return RevTree(
            {rev: Node(node.parent, node.deleted, rev in leaves) for rev, node in self.nodes.items()}
        )

    def latest(self, rev: Rev) -> list[Rev]:
        """The leaves that follow from `rev` (itself where it is one); empty where it is unknown."""
        return [leaf.rev for leaf in self.leaves() if rev in self._ancestry(leaf.rev)]

    def missing(self, revs: Iterable[Rev]) -> list[Rev]:
        """Those of `revs` that the tree does not know, sorted."""
        return sorted(rev for rev in revs if rev not in self.nodes)

    def possible_ancestors(self, missing: Iterable[Rev]) -> list[Rev]:
        """Leaves that lie before the newest of `missing`: a sender may start from them."""
        newest = max((generation for generation, _ in missing), default=0)
        return sorted((leaf.rev for leaf in self.leaves() if leaf.rev[0] < newest), reverse=True)

    def _ancestry(self, rev: Rev) -> Iterator[Rev]:
        at: Rev | None = rev
        while at is not None and at in self.nodes:
            yield at
            at = self.nodes[at].parent


def _greater(one: Rev | None, other: Rev | None) -> Rev | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


def edit_path(start: int, hashes: Sequence[str]) -> list[Rev]:
    """The path that `_revisions` describes, newest first."""
    return [(start - back, rev_hash) for back, rev_hash in enumerate(hashes)]

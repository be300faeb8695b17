"""Revision trees: the winner, merging in any order, stemming, purging."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from couch.node.revision import Rev, new_revision
from couch.node.revtree import RevTree, edit_path
from couch.node.treecodec import decode_tree, encode_tree

A1, B1 = (1, "a" * 32), (1, "b" * 32)
A2, B2, C2 = (2, "a" * 32), (2, "b" * 32), (2, "c" * 32)
A3 = (3, "a" * 32)


def tree(*branches: list[Rev], deleted: tuple[Rev, ...] = ()) -> RevTree:
    """A tree of branches, each newest first."""
    grown = RevTree()
    for branch in branches:
        grown = grown.merge(branch, deleted=branch[0] in deleted)
    return grown


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[list[Rev], bool]]:
    """Revisions of one document as replicators bring them: each with its ancestry, some with a part of it."""
    known: list[list[Rev]] = []
    count = draw(st.integers(1, 8))
    for number in range(count):
        parent = draw(st.sampled_from([None, *range(len(known))]))
        below = [] if parent is None else known[parent]
        rev = new_revision(below[0] if below else None, deleted=False, body={"n": number})
        known.append([rev, *below])
    return [(path[: draw(st.integers(1, len(path)))], draw(st.booleans())) for path in known]


def merged(history: list[tuple[list[Rev], bool]]) -> RevTree:
    grown = RevTree()
    for path, deleted in history:
        grown = grown.merge(path, deleted=deleted)
    return grown


def test_the_longer_branch_wins() -> None:
    assert tree([A2, A1], [B1]).winner().rev == A2


def test_of_two_branches_of_the_same_length_the_greater_hash_wins() -> None:
    assert tree([A2, A1], [B2, A1]).winner().rev == B2


def test_a_live_branch_wins_over_a_longer_deleted_one() -> None:
    assert tree([A3, A2, A1], [B1], deleted=(A3,)).winner().rev == B1


def test_of_deleted_branches_alone_the_greatest_revision_wins() -> None:
    winner = tree([A2, A1], [B1], deleted=(A2, B1)).winner()
    assert (winner.rev, winner.deleted) == (A2, True)


def test_leaves_come_winner_first_and_deleted_last() -> None:
    leaves = tree([A2, A1], [B2, A1], [C2, A1], deleted=(C2,)).leaves()
    assert [leaf.rev for leaf in leaves] == [B2, A2, C2]


def test_an_ancestor_without_a_body_is_no_leaf() -> None:
    assert [leaf.rev for leaf in tree([A3, A2, A1]).leaves()] == [A3]


def test_a_missing_link_joins_two_stems() -> None:
    joined = tree([A3, A2], [A1], [(4, "d" * 32), A3, A2, A1])
    assert [leaf.rev for leaf in joined.leaves()] == [(4, "d" * 32)]
    assert joined.path((4, "d" * 32)) == [(4, "d" * 32), A3, A2, A1]


def test_a_revision_that_is_known_changes_nothing() -> None:
    grown = tree([A2, A1])
    assert grown.merge([A2, A1], deleted=False) == grown
    assert grown.merge([A1], deleted=False) == grown
    assert grown.has(A1)
    assert not grown.has(A3)


def test_a_forged_second_parent_makes_no_second_leaf_of_the_same_revision() -> None:
    one = tree([A2, A1], [A2, B1])
    other = tree([A2, B1], [A2, A1])
    assert [leaf.rev for leaf in one.leaves()] == [leaf.rev for leaf in other.leaves()] == [A2]


def test_stemming_keeps_so_many_revisions_of_each_branch() -> None:
    stemmed = tree([A3, A2, A1], [B2, A1]).stem(2)
    assert stemmed.path(A3) == [A3, A2]
    assert stemmed.path(B2) == [B2, A1]
    assert stemmed.stem(1).path(A3) == [A3]


def test_purging_a_leaf_takes_the_ancestors_that_only_it_had() -> None:
    rest, gone = tree([A3, A2, A1], [B2, A1]).purge([A3])
    assert gone == [A3]
    assert set(rest.nodes) == {B2, A1}


def test_purging_an_inner_or_unknown_revision_does_nothing() -> None:
    grown = tree([A2, A1])
    assert grown.purge([A1, C2]) == (grown, [])


def test_latest_gives_the_leaves_that_follow() -> None:
    grown = tree([A2, A1], [B2, A1], [B1])
    assert set(grown.latest(A1)) == {A2, B2}
    assert grown.latest(B1) == [B1]
    assert grown.latest(C2) == []


def test_missing_and_possible_ancestors() -> None:
    grown = tree([A2, A1])
    assert grown.missing([A2, A3, A1]) == [A3]
    assert grown.possible_ancestors([A3]) == [A2]
    assert grown.possible_ancestors([B2]) == []


def test_the_same_edit_gives_the_same_revision_whatever_the_order_of_members() -> None:
    one = new_revision(A1, deleted=False, body={"a": 1, "b": [1.5, None]})
    assert one == new_revision(A1, deleted=False, body={"b": [1.5, None], "a": 1})
    assert one[0] == 2
    assert one != new_revision(B1, deleted=False, body={"a": 1, "b": [1.5, None]})
    assert one != new_revision(A1, deleted=True, body={"a": 1, "b": [1.5, None]})


def test_the_path_of_an_edit_counts_down_from_its_start() -> None:
    assert edit_path(3, ("c", "b")) == [(3, "c"), (2, "b")]


@given(histories())
@settings(max_examples=60, deadline=None)
def test_merging_does_not_depend_on_the_order_of_arrival(history: list[tuple[list[Rev], bool]]) -> None:
    expected = merged(history)
    orders = list(permutations(range(len(history))))[:24] if len(history) < 5 else [range(len(history))[::-1]]
    for order in orders:
        again = merged([history[at] for at in order])
        assert [leaf.rev for leaf in again.leaves()] == [leaf.rev for leaf in expected.leaves()]
        assert again.winner() == expected.winner()


@given(histories())
@settings(max_examples=60, deadline=None)
def test_merging_twice_is_merging_once(history: list[tuple[list[Rev], bool]]) -> None:
    assert merged([*history, *history]).nodes == merged(history).nodes


@given(histories())
@settings(max_examples=60, deadline=None)
def test_the_winner_is_the_greatest_leaf_by_the_rule(history: list[tuple[list[Rev], bool]]) -> None:
    grown = merged(history)
    leaves = [(not leaf.deleted, leaf.rev) for leaf in grown.leaves()]
    winner = grown.winner()
    assert (not winner.deleted, winner.rev) == max(leaves)


@given(histories(), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_stemming_keeps_every_leaf_and_no_branch_longer_than_the_limit(
    history: list[tuple[list[Rev], bool]], limit: int
) -> None:
    grown = merged(history)
    stemmed = grown.stem(limit)
    assert [leaf.rev for leaf in stemmed.leaves()] == [leaf.rev for leaf in grown.leaves()]
    for leaf in grown.leaves():
        assert stemmed.path(leaf.rev)[:limit] == grown.path(leaf.rev)[:limit]
    assert stemmed.stem(limit).nodes == stemmed.nodes


@given(histories())
@settings(max_examples=60, deadline=None)
def test_a_tree_survives_storage(history: list[tuple[list[Rev], bool]]) -> None:
    grown = merged(history)
    winner = grown.winner()
    assert decode_tree(encode_tree(grown), winner.rev, deleted=winner.deleted).nodes == dict(grown.nodes)


@given(histories())
@settings(max_examples=40, deadline=None)
def test_purging_every_leaf_leaves_nothing(history: list[tuple[list[Rev], bool]]) -> None:
    grown = merged(history)
    rest, gone = grown.purge([leaf.rev for leaf in grown.leaves()])
    assert not rest.nodes
    assert len(gone) == len(grown.leaves())

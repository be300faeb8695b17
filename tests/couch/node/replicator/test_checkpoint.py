"""Checkpoints: where two histories agree."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from couch.node.replicator.checkpoint import HISTORY_LIMIT, Session, checkpoint, common_ancestor
from couch.node.replicator.tally import Tally

NOW = datetime(2026, 7, 1, 12, 30, 5, tzinfo=UTC)


def record(session_id, seq, history=(), *, by_doc_ids=False, tally=Tally()):  # noqa: B008 - a frozen value
    return checkpoint(Session(session_id, NOW, 0), seq, tally, NOW, history, by_doc_ids=by_doc_ids)


def sessions(count):
    """The checkpoint after so many sessions, each at its own sequence."""
    log = {}
    for number in range(1, count + 1):
        log = record(f"s{number}", number * 10, log.get("history", ()))
    return log


def test_a_first_replication_begins_at_0():
    assert common_ancestor(None, None).seq == 0
    assert common_ancestor(None, None).history == ()


def test_equal_sessions_go_on_from_there_with_the_whole_history():
    ancestor = common_ancestor(sessions(3), sessions(3))
    assert ancestor.seq == 30
    assert len(ancestor.history) == 3


def test_a_side_that_lost_its_checkpoint_is_read_anew():
    assert common_ancestor(sessions(3), None).seq == 0
    assert common_ancestor(None, sessions(3)).seq == 0


def test_a_checkpoint_that_reached_one_side_alone_goes_back_to_the_session_before():
    for ancestor in (common_ancestor(sessions(3), sessions(2)), common_ancestor(sessions(2), sessions(3))):
        assert ancestor.seq == 20
        assert [entry["session_id"] for entry in ancestor.history] == ["s2", "s1"]


def test_what_is_no_checkpoint_is_no_ancestor():
    odd = {"history": "none", "session_id": "x"}
    assert common_ancestor(odd, sessions(2)).seq == 0
    assert common_ancestor({"history": [1, {"session_id": None}]}, {"history": [{}]}).seq == 0


@given(ours=st.integers(0, 12), theirs=st.integers(0, 12), gone=st.sets(st.integers(1, 12)))
def test_the_ancestor_is_the_newest_session_that_both_know(ours, theirs, gone):
    source, target = sessions(ours), sessions(theirs)
    target["history"] = [
        entry for entry in target.get("history", ()) if int(entry["session_id"][1:]) not in gone
    ]
    if target.get("session_id") in {f"s{number}" for number in gone}:
        target["session_id"] = "another"
    common = {entry["session_id"] for entry in source.get("history", ())} & {
        entry["session_id"] for entry in target["history"]
    }
    newest = max((int(name[1:]) for name in common), default=0)
    assert common_ancestor(source, target).seq == newest * 10


@given(ours=st.integers(0, 12), theirs=st.integers(0, 12))
def test_it_does_not_matter_which_side_is_behind(ours, theirs):
    one, other = sessions(ours), sessions(theirs)
    assert common_ancestor(one, other).seq == common_ancestor(other, one).seq


@given(seq=st.one_of(st.integers(0), st.text(), st.lists(st.integers(), max_size=2)))
def test_a_sequence_comes_back_as_it_was(seq):
    log = record("s", seq)
    assert common_ancestor(log, dict(log)).seq == seq


def test_history_is_bounded():
    assert len(sessions(HISTORY_LIMIT + 20)["history"]) == HISTORY_LIMIT


def test_the_form_is_that_of_couchdb():
    tally = Tally(3, 2, 2, 1, 1, 2, 2)
    assert record("s", "7-x", tally=tally) == {
        "session_id": "s",
        "source_last_seq": "7-x",
        "replication_id_version": 4,
        "history": [
            {
                "session_id": "s",
                "start_time": "Wed, 01 Jul 2026 12:30:05 GMT",
                "end_time": "Wed, 01 Jul 2026 12:30:05 GMT",
                "start_last_seq": 0,
                "end_last_seq": "7-x",
                "recorded_seq": "7-x",
                "missing_checked": 3,
                "missing_found": 2,
                "docs_read": 2,
                "docs_written": 1,
                "doc_write_failures": 1,
                "bulk_get_docs": 2,
                "bulk_get_attempts": 2,
            }
        ],
    }


def test_by_document_ids_some_counts_stand_on_top_too():
    assert record("s", 7, by_doc_ids=True, tally=Tally(docs_written=4))["docs_written"] == 4


def test_counts_accumulate_over_sessions():
    log = record("s", 7, tally=Tally(docs_written=4, doc_write_failures=1))
    assert common_ancestor(log, log).tally == Tally(docs_written=4, doc_write_failures=1)
    assert Tally(docs_read=3).at_least(Tally(docs_read=5, docs_written=1)) == Tally(
        docs_read=5, docs_written=1
    )

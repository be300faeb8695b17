"""What an answer of `_replicate` says of its own session."""

from typing import Any

from couch.documents import ConsentState
from couch.replication import PUSH_ALWAYS, PUSH_GRANTED, Outcome, Site, outcome, push_selector
from couch.settings import Secret


def _entry(read: int, written: int, failures: int) -> dict[str, Any]:
    return {"docs_read": read, "docs_written": written, "doc_write_failures": failures}


def test_the_first_session_counts_from_nothing() -> None:
    assert outcome({"ok": True, "history": [_entry(3, 2, 1)]}) == Outcome(3, 2, 1)


def test_a_later_session_counts_what_it_adds() -> None:
    answer = {"ok": True, "history": [_entry(5, 3, 2), _entry(3, 2, 1)]}
    assert outcome(answer) == Outcome(2, 1, 1)


def test_an_answer_without_changes_counts_nothing() -> None:
    assert outcome({"ok": True, "no_changes": True, "history": [_entry(3, 2, 1)]}) == Outcome(0, 0, 0)
    assert outcome({"ok": True}) == Outcome(0, 0, 0)


def test_an_answer_that_tells_nothing_is_of_a_session_that_was_ended_half_way() -> None:
    assert not outcome({"ok": True}).complete
    assert outcome({"ok": True, "no_changes": True}).complete
    assert outcome({"ok": True, "history": [_entry(0, 0, 0)]}).complete


def test_measurements_are_selected_only_while_the_centre_shows_granted() -> None:
    assert push_selector(ConsentState.NOT_GRANTED) is PUSH_ALWAYS
    assert push_selector(ConsentState.GRANTED) is PUSH_GRANTED
    assert push_selector(ConsentState.REVOKED) is PUSH_ALWAYS
    assert "measurement" not in PUSH_ALWAYS["type"]["$in"]
    assert set(PUSH_GRANTED["type"]["$in"]) == {"consent", "report", "answer", "measurement", "gap"}


def test_credentials_stand_beside_the_address() -> None:
    site = Site("http://127.0.0.1:5984/", "a/b", "push", Secret("hunter2"))
    assert site.endpoint() == {
        "url": "http://127.0.0.1:5984/a%2Fb",
        "auth": {"basic": {"username": "push", "password": "hunter2"}},
    }
    assert "hunter2" not in repr(site)

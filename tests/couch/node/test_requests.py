"""What requests ask for: documents, listings, changes, sequences, design documents."""

import asyncio
from typing import Any

import pytest

from couch.node.all_docs_query import AllDocsQuery
from couch.node.answers import HttpError
from couch.node.changes_query import ChangesQuery
from couch.node.design_check import check_design
from couch.node.edits import parse_edit
from couch.node.js.outcome import JsError
from couch.node.parameters import parse_json, url_quoted
from couch.node.revision import parse_rev
from couch.node.sequences import parse_sequence, plain_sequence, sequence_text

THIS, OTHER = "a" * 32, "b" * 32


class Compiler:
    """Stands for the JavaScript engine: what contains `(!` does not compile."""

    async def compile_errors(self, sources: list[str]) -> list[JsError | None]:
        return [JsError("SyntaxError", "unexpected token") if "(!" in one else None for one in sources]


def refused(document: object) -> str:
    with pytest.raises(HttpError) as caught:
        parse_edit(document)
    return caught.value.reason


def design_refusal(body: dict[str, Any]) -> str:
    with pytest.raises(HttpError) as caught:
        asyncio.run(check_design(Compiler(), body))
    return f"{caught.value.error}: {caught.value.reason}"


def test_a_document_is_taken_apart() -> None:
    edit = parse_edit({"_id": "a", "_rev": "2-" + "A" * 32, "_deleted": True, "x": 1, "_conflicts": []})
    assert (edit.id, edit.rev, edit.deleted, edit.body) == ("a", (2, "a" * 32), True, {"x": 1})


def test_revisions_count_more_than_the_revision() -> None:
    sent = {"_id": "a", "_rev": "2-x", "_revisions": {"start": 2, "ids": ["c", "a"]}}
    assert parse_edit(sent).rev == (2, "c")
    assert parse_edit(dict(reversed(sent.items()))).rev == (2, "c")


def test_the_members_of_replication_documents_stay_in_the_body() -> None:
    assert parse_edit({"_id": "a", "_replication_state": "completed"}).body_text() == (
        '{"_replication_state":"completed"}'
    )


def test_documents_that_couchdb_refuses_are_refused() -> None:
    assert refused([1]) == "Document must be a JSON object"
    assert refused({"_foo": 1}) == "Bad special document member: _foo"
    assert refused({"_id": 5}) == "Document id must be a string"
    assert refused({"_id": "_x"}) == "Only reserved document ids may start with underscore."
    assert refused({"_id": "a", "_rev": "x"}) == "Invalid rev format"
    assert refused({"_revisions": {"start": "1", "ids": []}}) == "_revisions.start isn't an integer."


def test_attachments_are_refused_as_not_implemented() -> None:
    with pytest.raises(HttpError, match="501"):
        parse_edit({"_id": "a", "_attachments": {"t": {"stub": True}}})
    assert parse_edit({"_id": "a", "_attachments": {}}).body == {}


@pytest.mark.parametrize("text", ["", "1", "-a", "x-a", "1-" + "g" * 32, None, 5])
def test_text_that_is_no_revision_is_refused(text: object) -> None:
    with pytest.raises(HttpError, match="Invalid rev format"):
        parse_rev(text)


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a":1}x', b'"\xff"', b'"\\ud83d"', b"[" * 5000, b"NaN"])
def test_text_that_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(HttpError, match="invalid UTF-8 JSON"):
        parse_json(raw)


def test_large_integers_keep_every_digit() -> None:
    edit = parse_edit(parse_json('{"i":123456789012345678901234567890,"f":0.1}'))
    assert edit.body_text() == '{"i":123456789012345678901234567890,"f":0.1}'


def test_names_are_quoted_as_couchdb_does() -> None:
    assert url_quoted("_design/x y:ä~") == "_design%2Fx%20y:%C3%A4%7E"


def test_a_sequence_of_this_database_is_understood() -> None:
    assert parse_sequence(sequence_text(7, THIS), THIS, 9) == 7
    assert parse_sequence(plain_sequence(7), THIS, 9) == 7
    assert parse_sequence("now", THIS, 9) == 9
    assert parse_sequence("0", THIS, 9) == 0


def test_a_sequence_of_another_database_or_from_the_future_starts_from_the_beginning() -> None:
    assert parse_sequence(sequence_text(7, OTHER), THIS, 9) == 0
    assert parse_sequence(sequence_text(10, THIS), THIS, 9) == 0


@pytest.mark.parametrize("text", ["zz", "5", "-", "5-", "x-y"])
def test_text_that_is_no_sequence_is_refused(text: str) -> None:
    with pytest.raises(HttpError, match="Malformed sequence"):
        parse_sequence(text, THIS, 9)


def test_sequences_beside_listings_are_couchdbs_own() -> None:
    assert plain_sequence(5) == "5-g2wAAAABaANkAA9ub2RlMUAxMjcuMC4wLjFsAAAAAmEAbgQA_____2phBWo"
    assert plain_sequence(300) != plain_sequence(2**40)


def test_a_listing_takes_its_range_from_address_and_body() -> None:
    query = AllDocsQuery.parse({"startkey": '"a"', "limit": "3", "descending": "true"}, {"endkey": "0"})
    assert (query.start, query.end, query.limit, query.descending) == ("a", "0", 3, True)
    assert AllDocsQuery.parse({"key": '"x"'}, {}).end == "x"
    assert AllDocsQuery.parse({"startkey": "5"}, {}).start == ""


@pytest.mark.parametrize(
    "query", [{"limit": "x"}, {"skip": "-1"}, {"descending": "maybe"}, {"startkey": "b"}, {"keys": "{}"}]
)
def test_parameters_of_listings_that_cannot_be_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(HttpError, match="400"):
        AllDocsQuery.parse(query, {})


def test_a_feed_waits_as_long_as_was_asked_for() -> None:
    query = ChangesQuery.parse({"feed": "live", "heartbeat": "5000", "timeout": "99999999"}, None)
    assert (query.feed, query.heartbeat_s, query.timeout_s) == ("continuous", 5.0, 60.0)
    assert ChangesQuery.parse({"feed": "eventsource", "since": "0"}, "3-x").since == "3-x"


@pytest.mark.parametrize(
    "query",
    [
        {"feed": "x"},
        {"style": "x"},
        {"limit": "x"},
        {"heartbeat": "0"},
        {"heartbeat": "x"},
        {"seq_interval": "0"},
    ],
)
def test_parameters_of_feeds_that_cannot_be_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(HttpError, match="400"):
        ChangesQuery.parse(query, None)


def test_a_good_design_document_passes() -> None:
    views = {"lib": {"m": "exports.x = 1"}, "v": {"map": "function(d) {}", "reduce": "_stats"}}
    design = {"views": views, "filters": {"f": "function() {}"}, "validate_doc_update": "(!"}
    asyncio.run(check_design(Compiler(), design))


def test_design_documents_that_couchdb_refuses_are_refused() -> None:
    assert design_refusal({"views": 5}) == "invalid_design_doc: `views` field must have object type"
    assert "`views.a.map` field must have string type" in design_refusal({"views": {"a": {"map": 5}}})
    assert "View `a` must contain map function" in design_refusal({"views": {"a": {}}})
    assert "string or object" in design_refusal({"filters": {"a": 5}})
    assert "`_median` is not a supported reduce" in design_refusal(
        {"views": {"a": {"map": "", "reduce": "_median"}}}
    )
    assert design_refusal({"views": {"a": {"map": "(!"}}}) == (
        "compilation_error: Compilation of the map function in the 'a' view failed: unexpected token ((!)"
    )

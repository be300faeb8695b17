"""What a replication is, and its id."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couch.node.replicator.endpoint import Endpoint, endpoint_of
from couch.node.replicator.failures import BadReplication
from couch.node.replicator.identity import base_id, canonical_id, full_id
from couch.node.replicator.options import ReplicatorOptions
from couch.node.replicator.request import replication_of

URLS = {"source": "http://peer/a", "target": "https://other:6984/b"}


def read(body, **more):
    return replication_of(body, user="u", options=ReplicatorOptions(), **more)


@pytest.mark.parametrize(
    "end",
    [
        "http://ann:s%3Acret@peer/a",
        {"url": "http://peer/a", "auth": {"basic": {"username": "ann", "password": "s:cret"}}},
        {"url": "http://peer/a/", "headers": {"Authorization": "Basic YW5uOnM6Y3JldA=="}},
        {"url": "http://x:y@peer/a", "auth": {"basic": {"username": "ann", "password": "s:cret"}}},
    ],
)
def test_credentials_are_taken_out_of_wherever_they_stand(end):
    endpoint = endpoint_of(end, None)
    assert endpoint == Endpoint("http://peer/a/", "ann", "s:cret")
    assert endpoint.request_headers() == {"Authorization": "Basic YW5uOnM6Y3JldA=="}
    assert "cret" not in repr(endpoint)


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("HTTP://Peer/a%2Fb", "http://Peer/a%2Fb/"),
        ("http://peer/ä b", "http://peer/%C3%A4%20b/"),
        ("http://[::1]:5984/a/", "http://[::1]:5984/a/"),
    ],
)
def test_urls_are_kept_and_what_cannot_travel_is_encoded(url, clean):
    assert endpoint_of(url, None).url == clean


def test_other_headers_stay():
    end = {"url": "http://peer/a", "headers": {"X-One": "1", "Authorization": "Bearer t"}}
    assert endpoint_of(end, None).request_headers() == {"X-One": "1", "Authorization": "Bearer t"}


@pytest.mark.parametrize(
    "end",
    [
        None,
        "",
        "a",
        "http://",
        "http://[",
        {"url": 5},
        {},
        {"url": "http://peer/a", "headers": {"A": 1}},
        "ftp://x/y",
    ],
)
def test_what_is_no_url_is_refused(end):
    with pytest.raises(BadReplication):
        endpoint_of(end, None)


def test_a_bad_url_is_not_repeated():
    with pytest.raises(BadReplication) as failure:
        endpoint_of("http://ann:secret@peer:port/a", None)
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"continuous": 1}, "parameter `continuous` must be a boolean"),
        ({"doc_ids": "a"}, "parameter `doc_ids` must be an array"),
        ({"doc_ids": [1]}, "parameter `doc_ids` must be an array"),
        ({"selector": []}, "parameter `selector` must be a JSON object"),
        ({"query_params": 4}, "parameter `query_params` must be an object"),
        ({"selector": {}, "doc_ids": []}, "`doc_ids`,`filter`,`selector` are mutually exclusive"),
        ({"filter": "noslash"}, "Invalid filter. Must match `ddocname/filtername`."),
        ({"worker_batch_size": 0}, "parameter `worker_batch_size` must be an integer from 1"),
    ],
)
def test_a_wrong_parameter_is_named(more, reason):
    with pytest.raises(BadReplication) as failure:
        read({**URLS, **more})
    assert failure.value.reason == reason


def test_document_ids_are_sorted_and_each_once():
    assert read({**URLS, "doc_ids": ["b", "a%3A1", "a:1"]}).doc_ids == ("a:1", "b")


def test_times_are_milliseconds():
    assert read({**URLS, "connection_timeout": 1500}).connection_timeout_s == 1.5
    assert read(URLS).connection_timeout_s == 30


def test_a_name_of_an_own_database_needs_leave():
    with pytest.raises(BadReplication, match="local_endpoints_not_supported"):
        read({"source": "a", "target": "b"})
    local = read(
        {"source": "a", "target": "b"}, local=lambda name: Endpoint(f"http://me/{name}/", local=name)
    )
    assert local.source.url == "http://me/a/"


BASE = read(URLS)


def test_the_id_is_the_same_after_a_restart():
    assert base_id("uuid", BASE, None) == base_id("uuid", read(dict(reversed(URLS.items()))), None)


def test_the_id_does_not_depend_on_password_scheme_or_order_in_the_selector():
    one = read({**URLS, "source": "http://u:old@peer/a", "selector": {"a": 1, "b": {"$in": [1], "$gt": 0}}})
    two = read(
        {**URLS, "source": "http://u:new@peer:5984/a/", "selector": {"b": {"$gt": 0, "$in": [1]}, "a": 1}}
    )
    assert base_id("uuid", one, None) == base_id("uuid", two, None)


def test_the_id_of_own_databases_does_not_depend_on_the_port():
    ends = [
        Endpoint(f"http://127.0.0.1:{port}/a/", headers=(("T", str(port)),), local="a") for port in (1, 2)
    ]
    one, two = (dataclasses.replace(BASE, source=end) for end in ends)
    assert base_id("uuid", one, None) == base_id("uuid", two, None)


def test_whatever_changes_what_is_copied_changes_the_id():
    variants = [
        base_id("uuid", BASE, None),
        base_id("other", BASE, None),
        base_id("uuid", read({"source": URLS["target"], "target": URLS["source"]}), None),
        base_id("uuid", read({**URLS, "source": "http://u:p@peer/a"}), None),
        base_id("uuid", read({**URLS, "source": "http://peer:81/a"}), None),
        base_id("uuid", read({**URLS, "doc_ids": []}), None),
        base_id("uuid", read({**URLS, "doc_ids": ["a"]}), None),
        base_id("uuid", read({**URLS, "selector": {}}), None),
        base_id("uuid", read({**URLS, "winning_revs_only": True}), None),
        base_id("uuid", read({**URLS, "filter": "d/f"}), "function(){return 1}"),
        base_id("uuid", read({**URLS, "filter": "d/f"}), "function(){return 2}"),
        base_id("uuid", read({**URLS, "filter": "d/f", "query_params": {"k": "v"}}), "function(){return 2}"),
    ]
    assert len(set(variants)) == len(variants)


@given(st.lists(st.text(), max_size=5))
def test_ids_with_any_characters_have_an_id(doc_ids):
    assert len(base_id("uuid", dataclasses.replace(BASE, doc_ids=tuple(doc_ids)), None)) == 32


def test_the_full_id_tells_how_it_runs():
    assert (
        full_id("x", read({**URLS, "continuous": True, "create_target": True}))
        == "x+continuous+create_target"
    )
    assert canonical_id("x continuous") == "x+continuous"

"""The gateway's decision, row by row: what is open, what each scope opens, and that all the rest is shut."""

import sys
from pathlib import Path

import pytest

from couch.admission import Admitted, Denied
from couch.documents import ConsentState
from couch.names import SCOPES
from webapp.gateway import decision
from webapp.gateway.decision import decide
from webapp.gateway.rules import RULES

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
import couchdb_paths
from gateway_samples import (
    ASKED,
    CHECKPOINT,
    DEVICE,
    GOOD,
    HOUSEHOLD,
    METER,
    NOW,
    OTHER_DEVICE,
    OTHER_HOUSEHOLD,
    OWN,
    REVISION,
    ask,
    device,
    listing,
    one,
    standing,
)


def denied(answer: Admitted | Denied) -> str:
    assert isinstance(answer, Denied), answer
    assert not set('"\\\r\n') & set(answer.reason + answer.error)
    return answer.error


@pytest.mark.parametrize(("method", "target", "_scopes"), ASKED)
def test_a_device_with_all_scopes_is_let_through(method, target, _scopes):
    answer = ask(method, target)
    assert isinstance(answer, Admitted), answer
    assert answer.subject == DEVICE
    assert answer.roles[:2] == (f"household:{HOUSEHOLD}", f"device:{DEVICE}")
    assert set(answer.roles[2:]) == {f"scope:{scope}" for scope in SCOPES}
    assert answer.door == (
        "database" if target.startswith(OWN) else "enrolment" if target == "/renew" else "api"
    )


def test_every_row_of_the_table_is_asked_for_by_somebody():
    unused = [
        (method, rule.path)
        for rule in RULES
        for method in rule.methods
        if rule.certificate and not any(_only(rule, method, asked, target) for asked, target, _ in ASKED)
    ]
    assert [row for row in unused if not row[1].startswith("/household-{household}/device:")] == [
        ("GET", "/household-{household}/pv_system:{uuid}")
    ]


def _only(rule, method, asked, target):
    wanted = decision.parse_target(target)
    return method == asked and decision._is_for(rule, device(), wanted) and decision._query_fits(rule, wanted)


@pytest.mark.parametrize(("method", "target", "scopes"), [row for row in ASKED if row[2]])
def test_each_scope_that_is_missing_shuts_it(method, target, scopes):
    for missing in scopes:
        held = set(SCOPES) - {missing}
        assert denied(ask(method, target, device(scopes=held))) == "scope_missing"
    assert isinstance(ask(method, target, device(scopes=scopes)), Admitted)


@pytest.mark.parametrize("target", [f"{OWN}/_revs_diff", f"{OWN}/_bulk_docs"])
def test_pushing_needs_a_scope_that_writes(target):
    assert denied(ask("POST", target, device(scopes=["account", "household"]))) == "scope_missing"
    assert isinstance(ask("POST", target, device(scopes=["consent"])), Admitted)
    assert isinstance(ask("POST", target, device(scopes=["measurement-write"])), Admitted)


def test_the_token_holds_the_scopes_of_the_certificate_alone():
    answer = ask("POST", f"{OWN}/_bulk_docs", device(scopes=["consent"]))
    assert isinstance(answer, Admitted)
    assert answer.roles == (f"household:{HOUSEHOLD}", f"device:{DEVICE}", "scope:consent")


def test_after_a_revocation_no_measurement_may_be_written():
    revoked = standing(consent=ConsentState.REVOKED)
    answer = ask("POST", f"{OWN}/_bulk_docs", how=revoked)
    assert isinstance(answer, Admitted)
    assert "scope:measurement-write" not in answer.roles
    assert denied(ask("POST", "/household/meter/measurement", how=revoked)) == "consent_revoked"
    lame = device(scopes=["household"])
    assert denied(ask("POST", "/household/meter/measurement", lame, revoked)) == "scope_missing"


def test_before_a_grant_is_seen_here_the_database_alone_decides():
    answer = ask("POST", f"{OWN}/_bulk_docs", how=standing(consent=ConsentState.NOT_GRANTED))
    assert isinstance(answer, Admitted)
    assert "scope:measurement-write" in answer.roles


# --- what is shut


OPEN_IN_OWN = {
    ("GET", "/{db}"),
    ("HEAD", "/{db}"),
    ("GET", "/{db}/_security"),
    ("POST", "/{db}/_bulk_get"),
    ("POST", "/{db}/_bulk_docs"),
    ("POST", "/{db}/_revs_diff"),
    ("POST", "/{db}/_ensure_full_commit"),
}
EVERYTHING = [*couchdb_paths.rows(couchdb_paths.SERVER), *couchdb_paths.rows(couchdb_paths.DATABASE)]
DATABASES = (
    f"household-{OTHER_HOUSEHOLD}",
    "registry",
    "research",
    "research-2026-07",
    "releases",
    "_users",
    "_replicator",
    "_global_changes",
    "_dbs",
    f"replica-{DEVICE}",
    f"household-{HOUSEHOLD}x",
    f"HOUSEHOLD-{HOUSEHOLD}",
    f"household-{HOUSEHOLD.upper()}",
    "household-",
    f"shards%2F00000000-ffffffff%2Fhousehold-{HOUSEHOLD}",
)


@pytest.mark.parametrize(("method", "path"), couchdb_paths.rows(couchdb_paths.SERVER))
def test_no_path_of_the_server_is_open(method, path):
    assert denied(ask(method, path)) in ("forbidden", "bad_target")


@pytest.mark.parametrize(("method", "path"), couchdb_paths.rows(couchdb_paths.DATABASE))
@pytest.mark.parametrize(
    "document", ["registration", f"meter:{METER}", f"measurement:{METER}:2026-07-01T12:00:00Z"]
)
def test_in_the_own_database_only_the_table_is_open(method, path, document):
    answer = ask(method, path.replace("/{db}", OWN).replace("{doc}", document))
    if (method, path) in OPEN_IN_OWN:
        assert isinstance(answer, Admitted)
    else:
        assert denied(answer) in ("forbidden", "bad_query")


@pytest.mark.parametrize("database", DATABASES)
def test_no_path_of_another_database_is_open(database):
    for method, path in couchdb_paths.rows(couchdb_paths.DATABASE):
        target = path.replace("{db}", database).replace("{doc}", f"meter:{METER}")
        assert denied(ask(method, target)) in ("forbidden", "bad_target"), (method, target)
    for method, target, _ in ASKED:
        if target.startswith(OWN):
            assert denied(ask(method, target.replace(OWN, f"/{database}"))) in ("forbidden", "bad_target")


@pytest.mark.parametrize(
    "method", ["PATCH", "OPTIONS", "TRACE", "CONNECT", "COPY", "MOVE", "get", "Get", "PURGE", ""]
)
def test_no_other_method_is_open(method):
    for _, target, _ in ASKED:
        assert denied(ask(method, target)) == "forbidden"


@pytest.mark.parametrize(
    "path",
    [
        f"/heartbeat:{OTHER_DEVICE}",
        f"/erased:{OTHER_DEVICE}",
        "/_local/heartbeat",
        f"/_local/{CHECKPOINT[:-1]}",
        f"/_local/{CHECKPOINT.upper()}",
        "/_local/_local",
        "/consent:granted",
        f"/measurement:{METER}:2026-07-01T12:00:00Z",
    ],
)
def test_other_documents_are_shut(path):
    for method in ("GET", "PUT", "DELETE", "HEAD", "POST"):
        assert denied(ask(method, OWN + path)) in ("forbidden", "bad_query")


@pytest.mark.parametrize(
    "query",
    [
        "feed=continuous&filter=_doc_ids",
        "feed=eventsource&filter=_doc_ids",
        "feed=live&filter=_doc_ids",
        "feed=longpoll&filter=_doc_ids",  # for a minute, which is too long
        "feed=longpoll&filter=_doc_ids&timeout=50001",
        "feed=longpoll&filter=_doc_ids&timeout=60000",
        "feed=longpoll&filter=_doc_ids&timeout=-1",
        "feed=longpoll&filter=_doc_ids&timeout=5000&heartbeat=1000",
        "feed=normal&filter=_doc_ids&heartbeat=true",
        "feed=normal",
        "filter=_selector",
        "filter=_view&view=rules/v",
        "filter=_design",
        "filter=rules/mine",
        "filter=_doc_ids&include_docs=true",
        "filter=_doc_ids&attachments=true",
        "filter=_doc_ids&conflicts=true",
        "filter=_doc_ids&since=now&since=0",
        "filter=_doc_ids&Filter=_doc_ids",
        "filter=_doc_ids&last-event-id=0",
        "filter=_doc_ids&doc_ids=%5B%22registration%22%5D",
        "filter=_doc_ids&style=",
        "filter=_doc_ids%26feed%3Dcontinuous",
    ],
)
def test_feeds_that_never_end_or_say_more_are_shut(query):
    assert denied(ask("POST", f"{OWN}/_changes?{query}")) in ("bad_query", "bad_target")
    assert denied(ask("GET", f"{OWN}/_changes?{query}")) in ("forbidden", "bad_target")


@pytest.mark.parametrize(
    "target",
    [
        f"{OWN}/_all_docs",
        listing("registration"),
        listing("consent:"),
        listing("measurement:"),
        listing("meter:", include_docs="true"),
        listing("meter:", "device:"),
        listing("meter:").replace("meter%3A%EF%BF%B0", "registration"),
        listing("meter:") + "&conflicts=true",
        listing("meter:") + "&keys=%5B%22registration%22%5D",
        listing("meter:") + "&endkey=%22z%22",
        listing("meter:") + "&end_key=%22z%22",
        listing("meter:", limit="1000000"),
        f"{OWN}/_all_docs?start_key=%22meter%3A%22&end_key=%22meter%3A%EF%BF%B0%22",
        f"{OWN}/_bulk_get?attachments=maybe",
        f"{OWN}/_bulk_docs?new_edits=false",
        f"{OWN}/_security?rev=1",
        f"{OWN}?",
        f"{OWN}/_local/{CHECKPOINT}?attachments=true",
        one("registration").partition("?")[0],
        one("registration") + "&conflicts=true",
        one("registration").replace("open_revs=", "rev="),
        f"{OWN}/registration?open_revs=all",
        f"{OWN}/registration?open_revs=%5B%22{REVISION}%22",
    ],
)
def test_queries_that_ask_for_more_are_shut(target):
    for method in ("GET", "POST", "PUT"):
        assert denied(ask(method, target)) in ("bad_query", "bad_target", "forbidden")


# --- certificates


@pytest.mark.parametrize(("method", "target", "_scopes"), ASKED)
def test_a_revoked_an_unknown_and_an_ended_certificate_open_nothing(method, target, _scopes):
    assert denied(ask(method, target, how=standing("revoked"))) == "certificate_revoked"
    assert denied(ask(method, target, how=standing("unknown"))) == "certificate_unknown"
    assert denied(ask(method, target, device(days=-1))) == "certificate_ended"
    early = decide(device(), GOOD, method, target, NOW.replace(year=2020))
    assert denied(early) == "certificate_ended"


def test_without_a_certificate_only_enrolment_and_return_are_open():
    for method, target, _ in ASKED:
        assert denied(decide(None, None, method, target, NOW)) == "certificate_missing"
    for method, path in EVERYTHING:
        target = path.replace("{db}", f"household-{HOUSEHOLD}").replace("{doc}", "x")
        assert denied(decide(None, None, method, target, NOW)) == "certificate_missing"
    for target in ("/enrol", "/return"):
        answer = decide(None, None, "POST", target, NOW)
        assert answer == Admitted(door="enrolment")
        assert denied(decide(None, None, "GET", target, NOW)) == "certificate_missing"
        assert denied(decide(None, None, "POST", f"{target}?x=1", NOW)) == "forbidden"


LAST_WORDS = {
    ("GET", f"{OWN}/_security"),
    ("GET", f"{OWN}/erased%3A{DEVICE}"),
    ("PUT", f"{OWN}/erased%3A{DEVICE}"),
}


@pytest.mark.parametrize(("method", "target", "_scopes"), ASKED)
@pytest.mark.parametrize("farewell", [True, False])
def test_a_device_of_an_erased_household_reads_that_and_confirms_it_and_no_more(
    method, target, _scopes, farewell
):
    answer = ask(method, target, device(farewell=farewell), standing(erased=True))
    if (method, target) in LAST_WORDS:
        assert isinstance(answer, Admitted)
        assert answer.roles == (f"household:{HOUSEHOLD}", f"device:{DEVICE}")
    else:
        assert denied(answer) == "household_erased"


def test_a_farewell_opens_no_more_while_its_household_is_there():
    for method, target, _ in ASKED:
        answer = ask(method, target, device(farewell=True))
        assert isinstance(answer, Admitted) is ((method, target) in LAST_WORDS)

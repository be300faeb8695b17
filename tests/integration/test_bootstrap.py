"""Bootstrap: what it makes be there, that doing it again changes nothing, and what it never touches."""

import threading
from collections.abc import Callable

import pytest

from couch.bootstrap import (
    closed_security,
    deploy,
    document_consent,
    ensure_database,
    household_security,
    raise_consent,
    replica_security,
    security_consent,
)
from couch.client import Database, Server
from couch.design_documents import DESIGNS, design_document
from couch.documents import ConsentState
from couch.errors import AccessDenied
from couch.names import household_of
from couch.settings import Account, Endpoint

COUNT_BY_KIND = {"by_kind": {"map": "function (doc) { emit(doc.kind, 1); }", "reduce": "_count"}}
SUM_BY_KIND = {"by_kind": {"map": "function (doc) { emit(doc.kind, doc.n); }", "reduce": "_sum"}}


@pytest.fixture
def database(couch_server: Server, fresh_name: Callable[..., str]) -> Database:
    name = fresh_name("bootstrap")
    couch_server.create_database(name)
    return couch_server.database(name)


def _household(server: Server, name: str) -> Database:
    return ensure_database(server, name, "household", household_security(household_of(name) or ""))


def test_a_household_database_has_its_rules_its_members_and_no_consent(
    couch_server: Server, fresh_name: Callable[..., str]
) -> None:
    name = fresh_name("household")
    database = _household(couch_server, name)
    assert "validate_doc_update" in database.get("_design/rules")
    security = database.security()
    assert f"household:{household_of(name)}" in security["members"]["roles"]
    assert security["consent"] == {"state": "not_granted", "erased": False}


@pytest.mark.parametrize("kind", list(DESIGNS))
def test_every_kind_of_database_gets_its_design_documents(
    couch_server: Server, fresh_name: Callable[..., str], kind: str
) -> None:
    database = ensure_database(couch_server, fresh_name(kind), kind, closed_security(["worker"]))  # type: ignore[arg-type]
    found = couch_server.transport.request(
        "GET", database.name, "_all_docs", params={"start_key": '"_design/"', "end_key": '"_design0"'}
    )
    names = {row["id"].removeprefix("_design/") for row in found["rows"]}
    assert names == set(DESIGNS[kind])  # type: ignore[index]


def test_doing_it_again_changes_nothing(couch_server: Server, fresh_name: Callable[..., str]) -> None:
    name = fresh_name("replica")
    first = ensure_database(couch_server, name, "replica", replica_security())
    before = first.info()["update_seq"].partition("-")[0], first.security()
    again = ensure_database(couch_server, name, "replica", replica_security())
    assert (again.info()["update_seq"].partition("-")[0], again.security()) == before


def test_bootstrap_never_lowers_or_resets_consent(
    couch_server: Server, fresh_name: Callable[..., str]
) -> None:
    name = fresh_name("household")
    database = _household(couch_server, name)
    raise_consent(database, ConsentState.GRANTED)
    security = database.security()
    security["consent"]["erased"] = True
    security["members"]["roles"].append("intruder")
    database.set_security(security)
    _household(couch_server, name)
    assert database.security()["consent"] == {"state": "granted", "erased": True}
    assert "intruder" not in database.security()["members"]["roles"]


def test_consent_is_raised_and_never_lowered(database: Database) -> None:
    database.set_security(replica_security())
    assert raise_consent(database, ConsentState.GRANTED) is True
    assert raise_consent(database, ConsentState.GRANTED) is False
    assert raise_consent(database, ConsentState.REVOKED) is True
    assert raise_consent(database, ConsentState.GRANTED) is False
    assert security_consent(database.security()) is ConsentState.REVOKED
    assert database.security()["consent"]["erased"] is False


def test_the_documents_state_follows_from_all_leaves(database: Database) -> None:
    assert document_consent(database) is ConsentState.NOT_GRANTED
    granted = {"_id": "consent:granted", "type": "consent", "state": "granted"}
    rev = database.put(granted)
    assert document_consent(database) is ConsentState.GRANTED
    database.delete("consent:granted", rev)
    assert document_consent(database) is ConsentState.NOT_GRANTED
    low, high = "1-" + "0" * 32, "9-" + "f" * 32
    for rev, state in ((high, "granted"), (low, "revoked")):
        start, digest = rev.split("-")
        doc = {
            "_id": "consent:revoked",
            "_rev": rev,
            "_revisions": {"start": int(start), "ids": [digest]},
            "type": "consent",
            "state": state,
        }
        database.bulk([doc], new_edits=False)
    assert database.get("consent:revoked")["state"] == "granted"
    assert document_consent(database) is ConsentState.REVOKED


def test_nobody_but_administrators_enters_a_database_without_members(
    couch_server: Server,
    couch_admin: Endpoint,
    fresh_name: Callable[..., str],
    role_account: Callable[..., Account],
) -> None:
    database = ensure_database(couch_server, fresh_name("research"), "research", closed_security([]))
    account = role_account("worker")
    with (
        Server(couch_admin.url, user=account.user, password=account.password) as server,
        pytest.raises(AccessDenied),
    ):
        server.database(database.name).info()


def test_a_design_document_is_deployed_when_its_content_changes(database: Database) -> None:
    assert deploy(database, design_document("t", {"views": COUNT_BY_KIND})) is True
    assert deploy(database, design_document("t", {"views": COUNT_BY_KIND})) is False
    database.bulk([{"_id": str(n), "kind": "k", "n": 10} for n in range(3)])
    assert [row.value for row in database.view("t", "by_kind")] == [3]
    assert deploy(database, design_document("t", {"views": SUM_BY_KIND})) is True
    assert [row.value for row in database.view("t", "by_kind")] == [30]
    assert database.find("_design/t.next") is None


def test_views_are_built_before_they_are_switched_to(database: Database) -> None:
    database.bulk([{"_id": f"{n:05}", "kind": n % 7, "n": 1} for n in range(3000)])
    deploy(database, design_document("t", {"views": COUNT_BY_KIND}))
    list(database.view("t", "by_kind"))
    deploy(database, design_document("t", {"views": SUM_BY_KIND}))
    # `update=false` answers from what is built already: the new view is complete at the switch.
    assert [row.value for row in database.view("t", "by_kind", update="false")] == [3000]


def test_two_bootstraps_at_once_agree(
    couch_server: Server, couch_admin: Endpoint, fresh_name: Callable[..., str]
) -> None:
    name = fresh_name("household")
    failures: list[Exception] = []

    def work() -> None:
        try:
            with couch_admin.server() as server:
                _household(server, name)
        except Exception as err:  # noqa: BLE001 - shown by the assertion below
            failures.append(err)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(couch_server.database(name).leaves("_design/rules")) == 1

"""One household's identity reads and writes no other household's database, whichever way it asks."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from couch.bootstrap import ensure_database, household_security
from couch.client import Database
from couch.errors import CouchError
from couch.names import ADMINISTRATOR, ANALYST, device_roles, household_database
from couch.settings import Account, Secret

SECRET = "The secret of the other household"
SLOT = "2025-07-01T12:00:00Z"
TIMEOUT_S = 20
DENIED = {401, 403}


@dataclass
class Home:
    """A household with a device and an account of its own."""

    uuid: str
    device: str
    meter: str
    account: Account
    admin: Database

    @property
    def name(self) -> str:
        return household_database(self.uuid)

    @property
    def auth(self) -> tuple[str, str]:
        return self.account.user, self.account.password.reveal()

    def measurement(self, device: str | None = None) -> dict[str, Any]:
        moment = "2025-07-01T12:00:05Z"
        return {
            "_id": f"measurement:{self.meter}:{SLOT}",
            "type": "measurement",
            "meter": self.meter,
            "measured_at": moment,
            "slot": SLOT,
            "device": device or self.device,
            "data": [{"obis": "0100010800ff", "value": 1, "scaler": 0, "unit": "Wh"}],
            "time": {"source": "synchronized"},
        }


@pytest.fixture(scope="module")
def homes(centre: Any) -> tuple[Home, Home]:
    """Two households whose consent is granted; the second holds a secret."""
    made = []
    for _ in range(2):
        household, device, meter = (str(uuid.uuid4()) for _ in range(3))
        account = Account(f"device-{device}", Secret(uuid.uuid4().hex))
        name = household_database(household)
        centre.households.append(name)
        security = household_security(household)
        admin = ensure_database(centre.admin, name, "household", security)
        admin.set_security({**security, "consent": {"state": "granted", "erased": False}})
        centre.put_account(account, *device_roles(household, device))
        worker = centre.worker.database(name)
        worker.put({"_id": "registration", "type": "registration", "contact": {"name": SECRET}})
        worker.put({"_id": f"meter:{meter}", "type": "meter", "meter": meter})
        made.append(Home(household, device, meter, account, admin))
    return made[0], made[1]


@pytest.fixture
def stranger(homes: tuple[Home, Home]) -> Iterator[Home]:
    """The other household, which must be as it was when the test ends."""
    other = homes[1]
    before = (other.admin.info()["update_seq"], other.admin.security())
    yield other
    assert (other.admin.info()["update_seq"], other.admin.security()) == before


def ask(
    centre: Any, method: str, path: str, auth: tuple[str, str] | None, **options: Any
) -> requests.Response:
    return requests.request(method, f"{centre.settings.url}/{path}", auth=auth, timeout=TIMEOUT_S, **options)


TOMBSTONE = {"_id": "registration", "_deleted": True, "_rev": "1-0"}
FORGED = {
    "_id": "consent:revoked",
    "_rev": "1-" + "a" * 32,
    "_revisions": {"start": 1, "ids": ["a" * 32]},
    "type": "consent",
    "state": "revoked",
    "at": SLOT,
    "by": {"role": "participant"},
}
WAYS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("HEAD", "", None),
    ("PUT", "", None),
    ("DELETE", "", None),
    ("POST", "", {"_id": "report:x", "type": "report", "report": "x"}),
    ("GET", "/registration", None),
    ("HEAD", "/registration", None),
    ("GET", "/registration?revs=true&open_revs=all", None),
    ("GET", "/registration?conflicts=true&revs_info=true", None),
    ("PUT", "/report:x", {"_id": "report:x", "type": "report", "report": "x"}),
    ("DELETE", "/registration?rev=1-0", None),
    ("COPY", "/registration", None),
    ("GET", "/registration/attachment", None),
    ("PUT", "/registration/attachment", "x"),
    ("GET", "/_all_docs?include_docs=true", None),
    ("POST", "/_all_docs?include_docs=true", {"keys": ["registration"]}),
    ("POST", "/_all_docs/queries", {"queries": [{"include_docs": True}]}),
    ("GET", "/_local_docs?include_docs=true", None),
    ("GET", "/_design_docs?include_docs=true", None),
    ("GET", "/_changes?include_docs=true", None),
    ("GET", "/_changes?feed=longpoll&timeout=1", None),
    ("GET", "/_changes?feed=continuous&timeout=1&include_docs=true", None),
    ("POST", "/_changes?filter=_doc_ids&include_docs=true", {"doc_ids": ["registration"]}),
    ("POST", "/_changes?filter=_selector&include_docs=true", {"selector": {}}),
    ("POST", "/_bulk_docs", {"docs": [{"_id": "report:x", "type": "report", "report": "x"}]}),
    ("POST", "/_bulk_docs", {"docs": [TOMBSTONE]}),
    ("POST", "/_bulk_docs", {"docs": [FORGED], "new_edits": False}),
    ("POST", "/_bulk_get?revs=true", {"docs": [{"id": "registration"}]}),
    ("POST", "/_revs_diff", {"registration": ["1-0"]}),
    ("POST", "/_missing_revs", {"registration": ["1-0"]}),
    ("GET", "/_security", None),
    ("PUT", "/_security", {"members": {"names": [], "roles": []}}),
    ("GET", "/_revs_limit", None),
    ("PUT", "/_revs_limit", 1),
    ("GET", "/_purged_infos_limit", None),
    ("POST", "/_purge", {"registration": ["1-0"]}),
    ("POST", "/_compact", {}),
    ("POST", "/_compact/rules", {}),
    ("POST", "/_view_cleanup", {}),
    ("POST", "/_ensure_full_commit", {}),
    ("GET", "/_local/checkpoint", None),
    ("PUT", "/_local/checkpoint", {"session_id": "x"}),
    ("GET", "/_design/rules", None),
    ("PUT", "/_design/more", {"validate_doc_update": "function () {}"}),
    ("DELETE", "/_design/rules?rev=1-0", None),
    ("GET", "/_design/rules/_info", None),
    ("GET", "/_design/rules/_view/all", None),
    ("POST", "/_find", {"selector": {}}),
    ("GET", "/_index", None),
    ("POST", "/_index", {"index": {"fields": ["type"]}}),
    ("POST", "/_explain", {"selector": {}}),
]
NOBODY = None


@pytest.mark.parametrize("who", ["another household's device", "nobody", "nobody who claims an identity"])
def test_no_way_into_another_household_s_database(
    who: str, centre: Any, homes: tuple[Home, Home], stranger: Home
) -> None:
    auth = homes[0].auth if who == "another household's device" else NOBODY
    headers = {"Destination": "copied", "Content-Type": "application/json"}
    if who == "nobody who claims an identity":
        roles = ",".join(device_roles(stranger.uuid, stranger.device))
        headers |= {"X-Auth-CouchDB-UserName": stranger.account.user, "X-Auth-CouchDB-Roles": roles}
    let_in = []
    for method, path, body in WAYS:
        data = body if isinstance(body, str) or body is None else json.dumps(body)
        answer = ask(centre, method, stranger.name + path, auth, data=data, headers=headers)
        if answer.status_code not in DENIED or SECRET in answer.text:
            let_in.append((method, path, answer.status_code, answer.text[:200]))
    assert let_in == []


def test_the_same_questions_are_answered_in_the_own_household(centre: Any, homes: tuple[Home, Home]) -> None:
    own = homes[0]
    for path in (
        "",
        "/registration",
        "/_all_docs?include_docs=true",
        "/_changes?include_docs=true",
        "/_security",
    ):
        assert ask(centre, "GET", own.name + path, own.auth).status_code == 200, path


def test_a_replication_reads_no_other_household(
    centre: Any, homes: tuple[Home, Home], stranger: Home
) -> None:
    own = homes[0]
    with pytest.raises(CouchError):
        centre.admin.replicate(replication(centre, stranger, own, own), timeout_s=TIMEOUT_S)
    assert SECRET not in json.dumps([doc for doc in own.admin.documents() if doc["_id"] != "registration"])
    assert own.admin.find(f"meter:{stranger.meter}") is None


def test_a_replication_writes_into_no_other_household(
    centre: Any, homes: tuple[Home, Home], stranger: Home
) -> None:
    own = homes[0]
    with pytest.raises(CouchError):
        centre.admin.replicate(replication(centre, own, stranger, own), timeout_s=TIMEOUT_S)
    assert stranger.admin.find(f"meter:{own.meter}") is None


def replication(centre: Any, source: Home, target: Home, as_who: Home) -> dict[str, Any]:
    """As a device's replicator would ask for it, with that device's account at both ends."""

    def end(home: Home) -> dict[str, Any]:
        user, password = as_who.auth
        auth = {"basic": {"username": user, "password": password}}
        return {"url": f"{centre.settings.url}/{home.name}", "auth": auth}

    return {"source": end(source), "target": end(target)}


def test_a_device_starts_no_replication_at_the_centre_that_reaches_further(
    centre: Any, homes: tuple[Home, Home], stranger: Home
) -> None:
    own = homes[0]
    names = {"source": stranger.name, "target": own.name}
    asked = ask(centre, "POST", "_replicate", own.auth, json=names)
    assert asked.status_code >= 400
    noted = ask(centre, "PUT", f"_replicator/{uuid.uuid4()}", own.auth, json=names)
    assert noted.status_code in DENIED
    assert own.admin.find(f"meter:{stranger.meter}") is None


OTHER_PLACES: list[tuple[str, str, Any]] = [
    ("GET", "_all_dbs", None),
    ("POST", "_dbs_info", {"keys": ["{stranger}"]}),
    ("GET", "_db_updates?since=0", None),
    ("GET", "_active_tasks", None),
    ("GET", "_scheduler/jobs", None),
    ("GET", "_scheduler/docs", None),
    ("GET", "_replicator/_all_docs?include_docs=true", None),
    ("GET", "_users/_all_docs?include_docs=true", None),
    ("GET", "_users/_changes?include_docs=true", None),
    ("GET", "_users/org.couchdb.user:{account}", None),
    ("PUT", "household-99999999-9999-4999-8999-999999999999", None),
    ("GET", "registry/_all_docs", None),
    ("GET", "research/_all_docs", None),
    ("GET", "_node/_local/_config", None),
]


@pytest.mark.parametrize("way", OTHER_PLACES, ids=[way[1] for way in OTHER_PLACES])
def test_a_device_does_not_learn_who_else_takes_part(
    way: tuple[str, str, Any], centre: Any, homes: tuple[Home, Home], stranger: Home
) -> None:
    method, path, body = way
    text = "" if body is None else json.dumps(body)
    for place, value in {"{stranger}": stranger.name, "{account}": stranger.account.user}.items():
        path, text = path.replace(place, value), text.replace(place, value)
    headers = {"Content-Type": "application/json"}
    answer = ask(centre, method, path, homes[0].auth, data=text or None, headers=headers)
    assert answer.status_code >= 400
    assert stranger.uuid not in answer.text.replace(path, "")


def test_a_device_gives_itself_no_role(centre: Any, homes: tuple[Home, Home], stranger: Home) -> None:
    own = homes[0]
    path = f"_users/org.couchdb.user:{own.account.user}"
    account = ask(centre, "GET", path, own.auth).json()
    account["roles"] = [*account.get("roles", []), f"household:{stranger.uuid}", "worker"]
    assert ask(centre, "PUT", path, own.auth, json=account).status_code in DENIED
    roles = ask(centre, "GET", "_session", own.auth).json()["userCtx"]["roles"]
    assert sorted(roles) == sorted(device_roles(own.uuid, own.device))


def test_a_device_opens_its_own_database_to_nobody(centre: Any, homes: tuple[Home, Home]) -> None:
    own = homes[0]
    open_to_all = {"members": {"names": [], "roles": []}, "consent": {"state": "granted"}}
    before = own.admin.security()
    # CouchDB 3.5 answers a member 500 here
    assert ask(centre, "PUT", f"{own.name}/_security", own.auth, json=open_to_all).status_code >= 400
    assert own.admin.security() == before
    rules = {"validate_doc_update": "function () {}"}
    assert ask(centre, "PUT", f"{own.name}/_design/more", own.auth, json=rules).status_code in DENIED


def test_a_device_signs_no_other_device_s_measurement(centre: Any, homes: tuple[Home, Home]) -> None:
    own, other = homes
    doc = own.measurement(device=other.device)
    answer = ask(centre, "PUT", f"{own.name}/{doc['_id']}", own.auth, json=doc)
    assert answer.status_code == 403


def test_an_analyst_reads_no_household(centre: Any, stranger: Home) -> None:
    analyst = Account(f"test-{uuid.uuid4().hex[:8]}", Secret(uuid.uuid4().hex))
    centre.put_account(analyst, ANALYST)
    auth = (analyst.user, analyst.password.reveal())
    for path in ("", "/registration", "/_all_docs", "/_changes", "/_security"):
        assert ask(centre, "GET", stranger.name + path, auth).status_code in DENIED
    assert ask(centre, "GET", "registry/_all_docs", auth).status_code in DENIED
    assert ask(centre, "GET", "research/_all_docs", auth).status_code == 200


def test_an_administrator_reads_no_research_and_grants_nothing(centre: Any, stranger: Home) -> None:
    person = Account(f"test-{uuid.uuid4().hex[:8]}", Secret(uuid.uuid4().hex))
    centre.put_account(person, ADMINISTRATOR)
    auth = (person.user, person.password.reveal())
    assert ask(centre, "GET", "research/_all_docs", auth).status_code in DENIED
    grant = {**FORGED, "_id": "consent:granted", "state": "granted"}
    answer = ask(
        centre, "POST", f"{stranger.name}/_bulk_docs", auth, json={"docs": [grant], "new_edits": False}
    )
    assert [row["error"] for row in answer.json()] == ["forbidden"]

"""Both doors: what a device does passes, all else is refused, nothing from outside is believed."""

import base64
import json
import os
import sys
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
import requests

from couch.client import Server
from couch.documents import ConsentState
from couch.errors import AccessDenied, Refused, Unreachable
from couch.names import replica_database
from couch.replication import PUSH_GRANTED, Site, centre_consent, offer_again, pull, pull_ids, push
from couch.secret import Secret
from couch.transport import split_url

sys.path.insert(0, str(Path(__file__).parent))
from gateway_world import (
    HOST,
    JWT_KEY,
    PASSWORD,
    WITHIN_S,
    Centre,
    Identity,
    node_settings,
    replicator_settings,
    uuid_of,
)

METER = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c05"
SLOT = "2026-07-01T12:00:00Z"


def measurement(identity: Identity, minute: int = 0) -> dict:
    slot = f"2026-07-01T12:{minute:02}:00Z"
    return {
        "_id": f"measurement:{METER}:{slot}",
        "type": "measurement",
        "meter": METER,
        "slot": slot,
        "measured_at": slot,
        "device": identity.device,
        "data": [{"obis": "0100010800ff", "value": 1, "scaler": 0, "unit": "Wh"}],
    }


def put(centre: Centre, database, *docs: dict) -> None:
    """As the centre's worker writes."""
    centre.admin.put_user("worker-of-these-tests", PASSWORD, ["worker"])
    with Server(centre.admin.url, user="worker-of-these-tests", password=PASSWORD) as worker:
        results = worker.database(database.name).bulk(docs)
    assert not [result for result in results if result.error], results


@pytest.fixture
def household(centre: Centre):
    database = centre.household()
    yield database
    centre.admin.delete_database(database.name)


@pytest.fixture
def device(centre: Centre, household) -> Identity:
    return centre.survey.identity(uuid_of(household))


# --- what a device does


def test_the_agents_own_requests_pass(centre, household, device):
    with centre.server(device) as server:
        own = server.database(household.name)
        assert own.exists()
        assert own.info()["db_name"] == household.name
        assert centre_consent(own) is ConsentState.GRANTED
        beat = {"type": "heartbeat", "device": device.device}
        for disk in (1, 2):
            own.replace(f"heartbeat:{device.device}", lambda _stored, disk=disk: {**beat, "disk": disk})
        assert household.get(f"heartbeat:{device.device}")["disk"] == 2
        doc = measurement(device)
        rev = "1-" + "b" * 32
        assert own.revs_diff({doc["_id"]: [rev]}) == {doc["_id"]: [rev]}
        revisions = {"_rev": rev, "_revisions": {"start": 1, "ids": ["b" * 32]}}
        assert own.bulk([{**doc, **revisions}], new_edits=False) == []
        assert household.get(doc["_id"])["device"] == device.device
        assert list(own.rows(start="meter:", end="meter:\ufff0")) == []


def test_the_validator_judges_by_the_certificates_roles(centre, household, device):
    other = {**measurement(device, 15), "device": str(uuid.uuid4())}
    with centre.server(device) as server:
        results = server.database(household.name).bulk(
            [measurement(device, 30), other, {"_id": "registration", "type": "registration"}]
        )
    assert [result.error for result in results] == [None, "forbidden", "forbidden"]


def test_without_the_scope_no_measurement_is_written(centre, household):
    lame = centre.survey.identity(uuid_of(household), scopes=["consent"])
    with centre.server(lame) as server:
        results = server.database(household.name).bulk([measurement(lame)])
    assert [result.error for result in results] == ["forbidden"]


@pytest.mark.slow
def test_a_nodes_replicator_pushes_and_pulls_by_its_certificate(centre, household, device, loop, tmp_path):
    put(centre, household, {"_id": "registration", "type": "registration"})
    put(centre, household, {"_id": f"meter:{METER}", "type": "meter", "meter": METER})
    settings = node_settings(tmp_path, replicator=replicator_settings(centre.survey, device))
    with loop.node(settings) as node, Server(node.url, user="admin", password=PASSWORD) as local:
        replicate_both_ways(centre, household, device, local, PASSWORD)


@pytest.mark.slow
def test_a_couchdbs_replicator_pushes_and_pulls_by_its_certificate(centre, household, device):
    """Where SURVEY_COUCHDB_URL names a CouchDB: it plays the device's database (design section 11, 7)."""
    url = os.environ.get("SURVEY_COUCHDB_URL")
    if not url:
        pytest.skip("needs SURVEY_COUCHDB_URL, a real CouchDB")
    put(centre, household, {"_id": "registration", "type": "registration"})
    put(centre, household, {"_id": f"meter:{METER}", "type": "meter", "meter": METER})
    certificate, key = device.pair
    wanted = {
        "cert_file": certificate,
        "key_file": key,
        "verify_ssl_certificates": "true",
        "ssl_trusted_certificates_file": str(centre.survey.ca.root_certificate),
    }
    _, user, password = split_url(url)
    with Server(url) as local:
        place = ("_node", "_local", "_config", "replicator")
        for name, value in wanted.items():
            local.transport.request("PUT", *place, name, body=value)
        try:
            replicate_both_ways(centre, household, device, local, password or "", user=user or "")
        finally:
            for name in wanted:
                local.transport.request("DELETE", *place, name)
            local.delete_database(replica_database(device.device))


def replicate_both_ways(centre, household, device, local, password, *, user="admin"):
    name = replica_database(device.device)
    local.create_database(name)
    replica = local.database(name)
    replica.bulk([measurement(device, minute) for minute in (0, 15, 30, 45)])
    here = Site(local.url, name, user, Secret(password))
    there = Site(centre.url, household.name)
    with centre.server(device) as server:
        own = server.database(household.name)
        pushed = push(local, here, there, PUSH_GRANTED, timeout_s=WITHIN_S)
        assert (pushed.written, pushed.failures) == (4, 0)
        ids = pull_ids(own, replica)
        assert f"meter:{METER}" in ids
        pulled = pull(local, there, here, ids, timeout_s=WITHIN_S)
        assert (pulled.written, pulled.failures) == (2, 0)
        ledger = offer_again(own, replica)
        assert (ledger.held, ledger.missing) == (4, 0)
    assert push(local, here, there, PUSH_GRANTED, timeout_s=WITHIN_S).written == 0
    assert replica.get("registration")["type"] == "registration"


def test_the_process_behind_gets_the_certificate_and_nothing_else_from_outside(centre, device):
    forged = {
        "X-Survey-Client-Cert": "forged",
        "X-Survey-Proxy-Secret": "forged",
        "X_Survey_Client_Cert": "forged",
        "X-Forwarded-For": "10.1.1.1",
        "X-Forwarded-User": "forged",
        "X-Real-IP": "10.1.1.1",
        "Forwarded": "for=10.1.1.1",
        "Authorization": "Basic forged",
        "Cookie": "survey_centre=forged",
    }
    answer = asks(centre, device, "PUT", "/household/consent", headers=forged)
    assert answer.status_code == 403
    answer = asks(centre, device, "POST", "/household/consent", headers=forged, json={"a": 1})
    assert answer.status_code == 200, answer.text
    heard = answer.json()
    assert "forged" not in answer.text
    assert "10.1.1.1" not in answer.text
    assert heard["body"] == '{"a": 1}'
    headers = heard["headers"]
    assert headers["X-Survey-Client-Cert"].startswith("-----BEGIN%20CERTIFICATE-----")
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert "Authorization" not in headers


def asks(centre: Centre, device: Identity | None, method: str, path: str, **more) -> requests.Response:
    return requests.request(
        method,
        centre.url + path,
        cert=None if device is None else device.pair,
        verify=str(centre.survey.ca.root_certificate),
        timeout=WITHIN_S,
        **more,
    )


def test_enrolment_needs_no_certificate_and_everything_else_does(centre, household):
    answer = asks(centre, None, "POST", "/enrol", json={"code": "x"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["headers"].get("X-Survey-Client-Cert", "") == ""
    for method, path in (
        ("GET", f"/{household.name}"),
        ("GET", f"/{household.name}/_security"),
        ("GET", "/account"),
        ("POST", "/renew"),
        ("GET", "/enrol"),
        ("GET", "/"),
        ("GET", "/_session"),
    ):
        answer = asks(centre, None, method, path)
        assert (answer.status_code, answer.json()["error"]) == (401, "certificate_missing"), path


# --- what nobody may


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/_all_dbs"),
        ("GET", "/_session"),
        ("POST", "/_session"),
        ("POST", "/_replicate"),
        ("GET", "/_users/_all_docs"),
        ("GET", "/_gateway/authorize"),
        ("GET", "/{own}/_all_docs?include_docs=true"),
        ("POST", "/{own}/_find"),
        ("GET", "/{own}/_changes"),
        ("GET", "/{own}/_changes?feed=continuous"),
        ("POST", "/{own}/_changes?filter=_doc_ids&feed=eventsource"),
        ("PUT", "/{own}/_security"),
        ("DELETE", "/{own}"),
        ("POST", "/{own}/_purge"),
        ("GET", "/{own}/_design/rules"),
        ("GET", "/{other}"),
        ("GET", "/{other}/_security"),
        ("POST", "/{other}/_changes?filter=_doc_ids"),
        ("POST", "/{other}/_bulk_get"),
        ("POST", "/{other}/_bulk_docs"),
        ("POST", "/{other}/_revs_diff"),
        ("GET", "/management/household"),
    ],
)
def test_a_good_certificate_opens_nothing_else(centre, household, device, method, path):
    other = centre.household()
    target = path.format(own=household.name, other=other.name)
    answer = asks(centre, device, method, target, json={} if method == "POST" else None)
    centre.admin.delete_database(other.name)
    assert answer.status_code == 403, answer.text
    assert answer.json()["error"] in ("forbidden", "bad_query", "bad_target")
    kind = answer.headers["Content-Type"]
    assert kind == (
        "application/json" if target.startswith("/household-") else "application/problem+json"
    ) or (kind == "application/json; charset=utf-8")


@pytest.mark.parametrize(
    "target",
    [
        "https://localhost/{own}",
        "http://registry/{own}",
        "/{own}%2F_security",
        "/{own}/../{own}/_security",
        "/{own}/%2e%2e/registry",
        "/{own}/%252e%252e/registry",
        "//{own}",
        "/{own}//_security",
        "/{own}/_security%00",
        "/{own}/_security?x=1",
        "/{own}\\_security",
        "/{own}/_security#x",
        "/./{own}/_security",
        "*",
        "{own}",
        "/{own}/_security;x",
        "/{own}/_sec\xe4urity",
    ],
)
def test_mangled_targets_are_refused(centre, household, device, target):
    line = target.format(own=household.name).encode("latin-1")
    got = centre.send(b"GET " + line + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", device)
    assert got.split(b" ")[1] in (b"400", b"403", b"421"), got
    assert b"members" not in got


SMUGGLED = "GET /_all_dbs HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        f"Content-Length: {len(SMUGGLED)}\r\nTransfer-Encoding: chunked",
        f"Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}",
        f"Content-Length: {len(SMUGGLED)}, 0",
        "Content-Length: +5",
        "Content-Length: -1",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding : chunked",
        " Transfer-Encoding: chunked",
        "Host: registry",
        "Upgrade: websocket\r\nConnection: Upgrade",
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings",
        "X: y\0z",
        "X" * 40_000 + ": y",
    ],
)
def test_ambiguous_requests_are_refused(centre, household, device, headers):
    head = f"POST /{household.name}/_ensure_full_commit HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n"
    got = centre.send((head + SMUGGLED).encode("latin-1"), device, within_s=1.5)
    assert got == b"" or got.split(b" ")[1][:1] in (b"4", b"5"), got
    assert b'"ok":true' not in got
    assert household.name.encode() not in got


@pytest.mark.parametrize(
    "forged",
    [
        {"Authorization": "Basic " + base64.b64encode(b"admin:pw").decode()},
        {"X-Auth-CouchDB-UserName": "admin", "X-Auth-CouchDB-Roles": "_admin"},
        {"Cookie": "AuthSession=YWRtaW46"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Survey-Authorization": "Bearer forged"},
        {"X-Survey-Target": "/_all_dbs", "X-Survey-Method": "GET"},
    ],
)
def test_an_identity_from_outside_is_dropped(centre, household, device, forged):
    answer = asks(
        centre,
        device,
        "POST",
        f"/{household.name}/_bulk_docs",
        headers=forged,
        json={"docs": [{"_id": "registration", "type": "registration"}]},
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()[0]["error"] == "forbidden"


def test_a_token_of_the_gateways_own_key_is_of_no_use_from_outside(centre, household, device):
    now_s = int(time.time())
    claims = {
        "sub": "admin",
        "exp": now_s + 60,
        "nbf": now_s,
        "iss": "survey-gateway",
        "_couchdb.roles": ["_admin"],
    }
    token = jwt.encode(claims, base64.b64decode(JWT_KEY.reveal()), algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}"}
    assert asks(centre, device, "GET", "/_all_dbs", headers=headers).status_code == 403
    assert asks(centre, None, "GET", f"/{household.name}", headers=headers).status_code == 401


def test_a_certificate_of_nobody_shakes_no_hands(centre, household, device, tmp_path):
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    from provisioning.ca.keys import bare, new_key  # noqa: PLC0415

    own = x509.load_pem_x509_certificate(device.certificate.read_bytes())
    key = new_key()
    builder = x509.CertificateBuilder(
        issuer_name=own.issuer,
        subject_name=own.subject,
        public_key=key.public_key(),
        serial_number=own.serial_number,
        not_valid_before=own.not_valid_before_utc,
        not_valid_after=own.not_valid_after_utc,
        extensions=list(own.extensions),
    )
    self_signed = Identity(device.device, device.household, tmp_path / "x.crt", tmp_path / "x.key")
    self_signed.certificate.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    self_signed.key.write_text(bare(key))
    refused_in_tls(centre, self_signed, household)


def refused_in_tls(centre: Centre, identity: Identity, household) -> None:
    """By an alert, or (nginx) by 400 before anybody is asked."""
    try:
        answer = asks(centre, identity, "GET", f"/{household.name}")
    except (requests.exceptions.SSLError, requests.exceptions.ConnectionError):
        return
    assert (answer.status_code, answer.json()["error"]) == (400, "certificate_unfit")


def test_a_certificate_that_has_ended_shakes_no_hands(centre, household):
    device = str(uuid.uuid4())
    authority = centre.survey.authority

    def issue(csr: str) -> str:
        return authority.issue_device(
            csr, device, uuid_of(household), "ada@example.org", lifetime=timedelta(seconds=1)
        )

    short = Identity(device, uuid_of(household), *centre.survey.write(f"short-{device}", issue))
    ends = time.monotonic() + WITHIN_S
    while True:
        try:
            answer = asks(centre, short, "GET", f"/{household.name}/_security")
        except (requests.exceptions.SSLError, requests.exceptions.ConnectionError):
            return
        if answer.status_code == 400:
            assert answer.json()["error"] == "certificate_unfit"
            return
        assert time.monotonic() < ends, "an ended certificate goes on"


@pytest.mark.slow
def test_a_revocation_holds_on_an_open_connection_within_a_minute(centre, household, device):
    with requests.Session() as session:
        session.trust_env = False
        session.cert, session.verify = device.pair, str(centre.survey.ca.root_certificate)
        address = f"{centre.url}/{household.name}/_security"
        assert session.get(address, timeout=WITHIN_S).status_code == 200
        centre.survey.authority.revoke(serial=device.serial, reason="key_compromise")
        began = time.monotonic()
        while (answer := session.get(address, timeout=WITHIN_S)).status_code == 200:
            assert time.monotonic() - began < 20
            threading.Event().wait(0.2)  # the door limits how often it is asked
        assert (answer.status_code, answer.json()["error"]) == (403, "certificate_revoked")


def test_a_device_of_an_erased_household_hears_so_and_confirms(centre):
    household = centre.household()
    device = centre.survey.identity(uuid_of(household))
    household.set_security(
        {**household.security(), "consent": {"state": ConsentState.REVOKED.value, "erased": True}}
    )
    farewell = centre.survey.identity(uuid_of(household), farewell=True)
    for one in (device, farewell):
        with centre.server(one) as server:
            own = server.database(household.name)
            assert own.security()["consent"]["erased"] is True
            with pytest.raises(AccessDenied) as refused:
                own.info()
            assert (refused.value.status, refused.value.error) == (403, "household_erased")
            with pytest.raises(Refused, match="household_erased"):
                own.bulk([measurement(one)])
            confirmation = {
                "_id": f"erased:{one.device}",
                "type": "erased",
                "device": one.device,
                "unsent": 3,
            }
            assert own.put_once(confirmation) is True
            assert own.put_once(confirmation) is False
            with pytest.raises(Refused):
                own.put({"_id": f"heartbeat:{one.device}", "type": "heartbeat", "device": one.device})
    centre.admin.delete_database(household.name)


def test_a_database_that_is_not_there_is_out_of_reach_and_not_erased(centre):
    device = centre.survey.identity(str(uuid.uuid4()))
    with centre.server(device) as server, pytest.raises(Unreachable):
        server.database(f"household-{device.household}").security()


def test_a_body_too_large_is_refused(centre, household, device):
    head = (
        f"POST /{household.name}/_bulk_docs HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {65 * 1024 * 1024}\r\nConnection: close\r\n\r\n"
    )
    got = centre.send(head.encode() + b"[" * 1024, device, within_s=2)
    assert got.startswith(b"HTTP/1.1 413") or b"too_large" in got, got


def test_older_tls_is_refused(centre):
    import ssl  # noqa: PLC0415

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(str(centre.survey.ca.root_certificate))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options &= ~ssl.OP_NO_TLSv1_1
    import warnings  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError, match=r"(?i)protocol|alert|unsupported|eof|reset"):
        centre.connect(context=context).close()


def test_refusals_tell_a_program_and_a_person(centre, device):
    body = json.loads(asks(centre, device, "GET", "/_all_dbs").content)
    assert body == {
        "error": "forbidden",
        "reason": body["reason"],
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": body["reason"],
        "code": "forbidden",
    }

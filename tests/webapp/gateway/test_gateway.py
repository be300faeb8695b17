"""The gateway around its decision: standings remembered, tokens minted, refusals logged without secrets."""

import logging
import sys
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from flask import Flask

from couch.admission import Admitted, Denied
from couch.documents import ConsentState
from couch.errors import Fault, Unreachable
from webapp.gateway.blueprint import PATH, gateway_blueprint
from webapp.gateway.gateway import Gateway
from webapp.gateway.standing import Standings
from webapp.gateway.tokens import ISSUER, LIFE_S, Mint, mint

sys.path.insert(0, str(Path(__file__).parent))
from gateway_samples import DEVICE, HOUSEHOLD, NOW, OTHER_HOUSEHOLD, OWN, device

KEY = b"k" * 32
ROLES = (f"household:{HOUSEHOLD}", "scope:consent")
SECRET = b"a secret of this test"
SECURITY = {"members": {}, "consent": {"state": "granted", "erased": False}}


class Centre:
    """Records and databases that a test changes."""

    def __init__(self):
        self.verdict, self.security, self.asked = "good", SECURITY, []
        self.moment = 0.0
        self.standings = Standings(
            verdict=lambda facts: self._say("verdict", self.verdict),
            security=lambda household: self._say(household, self.security),
            kept_s=5.0,
            monotonic=lambda: self.moment,
        )

    def _say(self, what, answer):
        self.asked.append(what)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_standing_is_looked_up_once_in_five_seconds():
    centre = Centre()
    for centre.moment in (0.0, 1.0, 4.9):
        assert centre.standings.of(device()).consent is ConsentState.GRANTED
    assert centre.asked == ["verdict", HOUSEHOLD]
    centre.moment, centre.verdict = 5.0, "revoked"
    assert centre.standings.of(device()).verdict == "revoked"


def test_a_revoked_certificate_costs_the_database_nothing():
    centre = Centre()
    centre.verdict = "revoked"
    centre.standings.of(device())
    assert centre.asked == ["verdict"]


def test_a_look_up_that_failed_is_not_remembered():
    centre = Centre()
    centre.security = Unreachable("gone")
    with pytest.raises(Unreachable):
        centre.standings.of(device())
    centre.security = {"consent": {"state": "revoked", "erased": True}}
    standing = centre.standings.of(device())
    assert (standing.erased, standing.consent) == (True, ConsentState.REVOKED)


def test_a_token_says_who_for_a_minute():
    now_s = int(NOW.timestamp())
    claims = jwt.decode(
        mint(DEVICE, ROLES, KEY, now_s), KEY, algorithms=["HS256"], options={"verify_exp": False}
    )
    assert claims == {
        "sub": DEVICE,
        "iss": ISSUER,
        "iat": now_s,
        "nbf": now_s - 5,
        "exp": now_s + LIFE_S,
        "_couchdb.roles": list(ROLES),
    }


@pytest.mark.parametrize("role", ["_admin", "_replicator", "_"])
def test_no_token_grants_a_role_of_the_database_itself(role):
    with pytest.raises(ValueError, match="no role"):
        mint(DEVICE, [*ROLES, role], KEY, 0)


def test_a_token_is_handed_out_again_while_it_has_forty_seconds():
    minting = Mint(KEY)
    first = minting.token(DEVICE, ROLES, 1000)
    assert minting.token(DEVICE, ROLES, 1019) == first
    assert minting.token(DEVICE, ROLES[:1], 1019) != first
    assert minting.token(DEVICE, ROLES, 1020) != first
    assert minting.token(DEVICE, ROLES, 999) != first  # the clock was set back: that one is not valid yet


def test_a_short_key_is_refused():
    with pytest.raises(Fault, match="openssl rand"):
        Mint(b"k" * 31)


def gateway(centre: Centre, monkeypatch) -> Gateway:
    monkeypatch.setattr("webapp.gateway.gateway._facts", lambda pem: device())
    return Gateway(centre.standings, Mint(KEY), now=lambda: NOW)


def test_an_admitted_request_carries_a_token(monkeypatch):
    answer = gateway(Centre(), monkeypatch).authorize(b"PEM", "GET", f"{OWN}/_security")
    assert isinstance(answer, Admitted)
    assert answer.token.startswith("Bearer ey")
    api = gateway(Centre(), monkeypatch).authorize(b"PEM", "GET", "/account")
    assert api.token == ""


def test_a_refusal_is_logged_with_serial_and_path_and_without_query(monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    for target in (
        f"/household-{OTHER_HOUSEHOLD}/_security?key=%22hunter2%22",
        "/\r\nInjected",
        "http://admin:hunter2@localhost/_all_dbs",
    ):
        assert isinstance(gateway(Centre(), monkeypatch).authorize(b"PEM", "GET", target), Denied)
    assert "certificate 0a0b" in caplog.text
    assert f"/household-{OTHER_HOUSEHOLD}/_security" in caplog.text
    assert "hunter2" not in caplog.text
    assert "Injected" not in caplog.text


def test_what_is_no_certificate_is_refused():
    answer = Gateway(Centre().standings, Mint(KEY)).authorize(b"-----BEGIN CERTIFICATE-----\n", "GET", OWN)
    assert isinstance(answer, Denied)
    assert answer.error == "certificate_unknown"


def test_an_old_certificate_is_refused_on_an_open_connection(monkeypatch):
    monkeypatch.setattr("webapp.gateway.gateway._facts", lambda pem: device())
    late = Gateway(Centre().standings, Mint(KEY), now=lambda: NOW + timedelta(days=91))
    assert late.authorize(b"PEM", "GET", OWN).error == "certificate_ended"


def asked(answer, **headers):
    """What nginx gets for a question."""
    app = Flask("test")
    heard = []

    def authorize(*question):
        heard.append(question)
        return answer

    app.register_blueprint(gateway_blueprint(authorize, SECRET))
    app.before_request(app.view_functions["gateway.answer"]._survey_access.guard)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().get(PATH, headers=names), heard


def test_nginx_gets_the_token_of_an_admitted_request():
    answer, heard = asked(
        Admitted(door="database", token="Bearer x"),
        X_Survey_Proxy_Secret=SECRET.decode(),
        X_Survey_Client_Cert="-----BEGIN%20CERTIFICATE-----",
        X_Survey_Method="POST",
        X_Survey_Target="/a?b=%22",
    )
    assert (answer.status_code, answer.headers["X-Survey-Authorization"]) == (204, "Bearer x")
    assert heard == [(b"-----BEGIN CERTIFICATE-----", "POST", "/a?b=%22")]


def test_nginx_gets_the_words_of_a_refusal():
    answer, heard = asked(Denied(403, "bad_query", "not open"), X_Survey_Proxy_Secret=SECRET.decode())
    assert answer.status_code == 403
    assert (answer.headers["X-Survey-Error"], answer.headers["X-Survey-Reason"]) == ("bad_query", "not open")
    assert heard == [(None, "", "")]


@pytest.mark.parametrize("secret", ["", "wrong", "a secret of this test "[:-2], "\u00e9"])
def test_nobody_but_nginx_is_answered(secret):
    answer, heard = asked(Admitted(door="database", token="Bearer x"), X_Survey_Proxy_Secret=secret)
    assert (answer.status_code, heard) == (404, [])
    assert "X-Survey-Authorization" not in answer.headers

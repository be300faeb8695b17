"""Enrolment inside the centre's app: who may ask, what is taken, what a refusal looks like."""

from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from couch.certificate import CertificateFacts
from couch.clock import Clock
from couch.enrolment import (
    REFUSALS,
    CertificateAnswer,
    ChallengeAnswer,
    EnrolmentRefused,
    EnrolRequest,
    RenewRequest,
    ReturnRequest,
)
from couch.secret import Secret, SettingsError
from couch.settings import Endpoint
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.ca.keys import new_key
from provisioning.ca.signing_request import new_signing_request
from webapp.enrolment.start import device_enrolment
from webapp.factory import create_app
from webapp.settings import CentreWebSettings
from webapp.site import Entered, SignedIn, Site, TurnedAway

PASSPHRASE = Secret("correct horse battery staple")
SECRET = "a secret of the listener"
DEVICE = "22222222-2222-4222-8222-222222222222"
HOUSEHOLD = "33333333-3333-4333-8333-333333333333"
ENROL = {"device": DEVICE, "code": "c", "csr": "r"}


class Nobody:
    """A door that lets nobody in, and no sessions."""

    template = "error.html"

    def knock(self, form: Mapping[str, str], source: str) -> Entered | TurnedAway:
        return TurnedAway("nobody")

    def begin(self, entered: Entered) -> str:
        return ""

    def find(self, token: str) -> SignedIn | None:
        return None

    def end(self, token: str) -> None:
        return


class Recorded:
    """Stands for the centre's enrolment: keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.refusal: EnrolmentRefused | None = None

    def _said(self, *what: Any) -> None:
        self.asked.append(what if len(what) > 1 else what[0])
        if self.refusal is not None:
            raise self.refusal

    def enrol(self, request: EnrolRequest) -> CertificateAnswer:
        self._said(request)
        return CertificateAnswer("chain")

    def renew(self, facts: CertificateFacts, request: RenewRequest) -> CertificateAnswer:
        self._said(facts, request)
        return CertificateAnswer("chain")

    def come_back(self, request: ReturnRequest) -> CertificateAnswer | ChallengeAnswer:
        self._said(request)
        return CertificateAnswer("chain") if request.challenge else ChallengeAnswer("challenge")


class Centre:
    def __init__(self, folder: Path) -> None:
        secret = folder / "proxy.secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        settings = CentreWebSettings(
            couchdb=Endpoint("http://127.0.0.1:9", "pages", Secret("x")), proxy_secret_file=secret
        )
        self.enrolment = Recorded()
        blueprint = device_enrolment(
            settings,
            enrol=self.enrolment.enrol,
            renew=self.enrolment.renew,
            come_back=self.enrolment.come_back,
        )
        self.app: Flask = create_app(
            Site(
                title="Centre",
                unreachable_template="error.html",
                door=Nobody(),
                sessions=Nobody(),
                blueprints=(blueprint,),
                sections=(),
                services=None,
                clock=Clock(),
                timezone=UTC,
            ),
            secret=b"k" * 32,
            cookie="centre",
        )
        create_authority(folder / "ca", PASSPHRASE, PASSPHRASE)

    def ask(self, path: str, body: Any, *, secret: str | None = SECRET, pem: str = "") -> TestResponse:
        headers = {} if secret is None else {"X-Survey-Proxy-Secret": secret}
        if pem:
            headers["X-Survey-Client-Cert"] = quote(pem)
        kind = {"data": body} if isinstance(body, bytes) else {"json": body}
        return self.app.test_client().post(path, headers=headers, **kind)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Centre, Path]:
    folder = tmp_path_factory.mktemp("centre")
    return Centre(folder), folder


@pytest.fixture
def centre(made: tuple[Centre, Path]) -> Centre:
    made[0].enrolment.asked.clear()
    made[0].enrolment.refusal = None
    return made[0]


@pytest.fixture
def pem(made: tuple[Centre, Path]) -> str:
    """A device's certificate."""
    with IssuingAuthority(made[1] / "ca", PASSPHRASE) as authority:
        return authority.issue_device(new_signing_request(new_key()), DEVICE, HOUSEHOLD, "ada@example.org")


def test_each_endpoint_hands_on_what_it_was_sent(centre: Centre, pem: str) -> None:
    assert centre.ask("/enrol", ENROL).get_json() == {"chain": "chain"}
    assert centre.ask("/renew", {"csr": "r"}, pem=pem).get_json() == {"chain": "chain"}
    assert centre.ask("/return", {"certificate": "c"}).get_json() == {"challenge": "challenge"}
    enrolled, renewed, returned = centre.enrolment.asked
    assert enrolled == EnrolRequest(DEVICE, "c", "r")
    assert (renewed[0].device, renewed[1]) == (DEVICE, RenewRequest("r"))
    assert returned == ReturnRequest("c")


@pytest.mark.parametrize("path", ["/enrol", "/renew", "/return"])
@pytest.mark.parametrize("secret", [None, "", "guessed", f"{SECRET} "])
def test_who_does_not_come_through_the_listener_is_not_heard(
    centre: Centre, pem: str, path: str, secret: str | None
) -> None:
    answer = centre.ask(path, ENROL, secret=secret, pem=pem)
    assert answer.status_code == 401
    assert centre.enrolment.asked == []


@pytest.mark.parametrize("shown", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAA==\n", "x" * 20_000])
def test_renewal_takes_a_certificate(centre: Centre, shown: str) -> None:
    answer = centre.ask("/renew", {"csr": "r"}, pem=shown)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "certificate_missing")
    assert centre.enrolment.asked == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/enrol", b""),
        ("/enrol", b"{"),
        ("/enrol", {**ENROL, "device": f"A{DEVICE[1:]}"}),
        ("/enrol", {**ENROL, "scopes": ["account"]}),
        ("/enrol", {**ENROL, "code": "c" * 101}),
        ("/enrol", {**ENROL, "csr": "r" * 20_000}),
        ("/enrol", b"\xff"),
        ("/enrol", b"x" * 60_000),
        ("/return", {"certificate": ""}),
        ("/return", {"certificate": "c", "challenge": "c" * 500}),
        ("/return", [1]),
    ],
)
def test_a_body_that_is_none_of_ours_is_a_problem(centre: Centre, path: str, body: Any) -> None:
    answer = centre.ask(path, body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "malformed")
    assert centre.enrolment.asked == []


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_a_problem_that_says_what_is_next(centre: Centre, code: Any) -> None:
    centre.enrolment.refusal = EnrolmentRefused(code, "for a reason", retry_after_s=60)
    answer = centre.ask("/enrol", ENROL)
    problem = answer.get_json()
    assert answer.content_type == "application/problem+json"
    assert (problem["code"], problem["detail"]) == (code, "for a reason")
    assert problem["status"] == answer.status_code >= 400
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_other_methods_open_nothing(centre: Centre, method: str) -> None:
    for path in ("/enrol", "/renew", "/return"):
        client = centre.app.test_client()
        assert getattr(client, method)(path, headers={"X-Survey-Proxy-Secret": SECRET}).status_code == 405


def test_no_code_shows() -> None:
    assert "c0de" not in repr(EnrolRequest(DEVICE, "c0de", "r"))


def test_without_the_listener_s_secret_nobody_is_enrolled() -> None:
    settings = CentreWebSettings(couchdb=Endpoint("http://127.0.0.1:9", "pages", Secret("x")))
    recorded = Recorded()
    with pytest.raises(SettingsError, match="proxy_secret_file"):
        device_enrolment(settings, enrol=recorded.enrol, renew=recorded.renew, come_back=recorded.come_back)

"""The contract of tables 4.2, 4.3 and 4.4 of the thesis, row by row.

Whether a certificate is signed by the survey's authority is judged where TLS ends: the rows "self-signed" of
the listeners stand in tests/integration/gateway and tests/security. What stands here holds behind them as
well: a caller that does not come through a listener is nobody, whatever it shows.
"""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from couch import certificate_extensions as own
from couch.names import ADMINISTRATOR, ANALYST, RESEARCHER, SCOPES
from webapp.api.endpoints import ROUTES
from webapp.gateway.rules import RULES

METER = "5f000000-0000-4000-8000-000000000001"


class Row(NamedTuple):
    """Table 4.2: number, method, path; table 4.4: the scope; what the sample's device is answered."""

    number: int
    method: str
    path: str
    scope: str
    status: int


TABLE = [
    Row(1, "GET", "/account", "account", 200),
    Row(2, "GET", "/household", "household", 200),
    Row(3, "POST", "/household/consent", "consent", 409),
    Row(4, "DELETE", "/household/consent", "consent", 200),
    Row(5, "GET", "/household/measurement_device", "household", 200),
    Row(6, "GET", "/household/meter", "household", 200),
    Row(7, "GET", f"/household/meter/{METER}/measurement", "measurement-read", 200),
    Row(8, "POST", "/household/meter/measurement", "measurement-write", 201),
    Row(9, "GET", "/household/pv_system", "household", 200),
]
DEVICES = pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.path}")
MANAGEMENT = "/management/household"


def ask(api: Any, row: Row, measurement: Any, **more: Any) -> Any:
    if row.path.endswith("meter/measurement"):
        more["json"] = {**measurement, "slot": "2026-06-30T12:15:00Z"}
    return api.ask(row.method, row.path, **more)


def name_of(answer: Any) -> str:
    assert answer.content_type == "application/problem+json"
    return str(answer.json["type"]).removeprefix("/api#")


def test_the_endpoints_are_those_of_table_4_2_with_the_scopes_of_table_4_4() -> None:
    described = [(route.number, route.method, route.path, route.scope) for route in ROUTES]
    rows = [
        (number, method, path.replace(METER, "{meter}"), scope) for number, method, path, scope, _ in TABLE
    ]
    assert described == [*rows, (10, "GET", MANAGEMENT, None)]


def test_the_gateway_opens_the_same_endpoints_for_the_same_scopes() -> None:
    opened = {
        (method, rule.path.replace("{uuid}", "{meter}"), rule.scopes)
        for rule in RULES
        if rule.door == "api"
        for method in rule.methods
        if method != "HEAD"
    }
    assert opened == {(route.method, route.path, (route.scope,)) for route in ROUTES if route.scope}


def test_the_last_endpoint_is_for_administrators_as_in_table_4_3_and_for_researchers() -> None:
    assert ROUTES[-1].roles == (RESEARCHER, ADMINISTRATOR)


@DEVICES
def test_a_device_with_just_the_scope_is_served(api: Any, measurement: Any, row: Row) -> None:
    answer = ask(api, row, measurement, pem=api.pem(row.scope))
    assert answer.status_code == row.status, answer.text


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        pytest.param(row, wrong, id=f"{row.number}-{wrong}")
        for row, wrong in itertools.product(TABLE, SCOPES)
        if wrong != row.scope
    ],
)
def test_no_other_scope_opens_it(api: Any, measurement: Any, row: Row, wrong: str) -> None:
    before = dict(api.household.docs)
    answer = ask(api, row, measurement, pem=api.pem(wrong))
    assert (answer.status_code, name_of(answer)) == (403, "scope-missing")
    assert row.scope in answer.json["detail"]
    assert api.household.docs == before


@DEVICES
def test_all_other_scopes_together_do_not_open_it(api: Any, measurement: Any, row: Row) -> None:
    others = tuple(one for one in SCOPES if one != row.scope)
    assert ask(api, row, measurement, pem=api.pem(*others)).status_code == 403


@DEVICES
class TestWithoutAFitCertificate:
    """Nothing is answered, and nothing is written."""

    def refusal(self, api: Any, measurement: Any, row: Row, **more: Any) -> tuple[int, str]:
        before = [dict(database.docs) for database in api.households]
        answer = ask(api, row, measurement, **more)
        assert [database.docs for database in api.households] == before
        assert "WWW-Authenticate" in answer.headers or answer.status_code == 403
        return answer.status_code, name_of(answer)

    def test_missing(self, api: Any, measurement: Any, row: Row) -> None:
        headers = {"X-Survey-Proxy-Secret": "a secret of the listener", "X-Survey-Client-Cert": ""}
        found = self.refusal(api, measurement, row, headers=headers)
        assert found == (401, "certificate-required")

    def test_shown_by_somebody_who_is_not_the_listener(self, api: Any, measurement: Any, row: Row) -> None:
        for secret in ("", "guessed", "a secret of the listener, a secret of the listener"):
            headers = {"X-Survey-Proxy-Secret": secret}
            found = self.refusal(api, measurement, row, headers=headers)
            assert found == (401, "certificate-required")

    def test_expired(self, api: Any, measurement: Any, row: Row) -> None:
        pem = api.pem(start=datetime.now(UTC) - timedelta(days=91))
        assert self.refusal(api, measurement, row, pem=pem) == (401, "certificate-unfit")

    def test_not_valid_yet(self, api: Any, measurement: Any, row: Row) -> None:
        pem = api.pem(start=datetime.now(UTC) + timedelta(hours=1))
        assert self.refusal(api, measurement, row, pem=pem) == (401, "certificate-unfit")

    def test_revoked(self, api: Any, measurement: Any, row: Row) -> None:
        api.revoked.add("0a0b0c")
        assert self.refusal(api, measurement, row) == (403, "certificate-revoked")
        assert ask(api, row, measurement, pem=api.pem(serial=0x0A0B0D)).status_code == row.status

    def test_the_farewell_of_an_erased_household(self, api: Any, measurement: Any, row: Row) -> None:
        pem = api.pem(kind=own.FAREWELL, scopes=())
        assert self.refusal(api, measurement, row, pem=pem) == (403, "scope-missing")

    def test_no_certificate_at_all_in_the_header(self, api: Any, measurement: Any, row: Row) -> None:
        for text in ("nonsense", "%ff%00", "-----BEGIN CERTIFICATE-----", "x" * 20_000):
            headers = {"X-Survey-Client-Cert": text}
            found = self.refusal(api, measurement, row, headers=headers)
            assert found == (401, "certificate-unfit")

    def test_a_person_who_signed_in(self, api: Any, measurement: Any, row: Row) -> None:
        for role in (RESEARCHER, ADMINISTRATOR, ANALYST):
            found = self.refusal(api, measurement, row, role=role)
            assert found == (401, "certificate-required")


@DEVICES
def test_a_device_of_another_household_reaches_its_own_alone(api: Any, measurement: Any, row: Row) -> None:
    before = dict(api.household.docs)
    foreign = api.pem(household="5f000000-0000-4000-8000-00000000cccc")
    answer = ask(api, row, measurement, pem=foreign)
    assert api.household.docs == before
    assert "Erika" not in answer.text
    assert api.sample.household not in answer.text
    if row.method == "GET":
        assert api.sample.meter not in answer.text


@pytest.mark.parametrize(
    "meter", ["5f000000-0000-4000-8000-0000000000f1", "5f000000-0000-4000-8000-0000000000f2"]
)
def test_another_households_meter_is_as_unknown_as_one_that_nobody_has(api: Any, meter: str) -> None:
    answer = api.get(f"/household/meter/{meter}/measurement")
    assert answer.status_code == 404
    assert answer.json == {
        "type": "/api#not-found",
        "title": "Nothing is here",
        "status": 404,
        "detail": "Check the address and the identifiers in it.",
    }


@pytest.mark.parametrize(
    ("role", "status", "name"),
    [(RESEARCHER, 200, ""), (ADMINISTRATOR, 200, ""), (ANALYST, 403, "role-missing")],
)
def test_who_may_manage(api: Any, role: str, status: int, name: str) -> None:
    answer = api.get(MANAGEMENT, role=role)
    assert answer.status_code == status
    assert not name or name_of(answer) == name


def test_no_certificate_manages(api: Any) -> None:
    answer = api.get(MANAGEMENT)
    assert (answer.status_code, name_of(answer)) == (401, "sign-in-required")


def test_a_forged_session_does_not_manage(api: Any) -> None:
    answer = api.get(MANAGEMENT, headers={"Cookie": f"centre={'X' * 43}"})
    assert (answer.status_code, name_of(answer)) == (401, "sign-in-required")

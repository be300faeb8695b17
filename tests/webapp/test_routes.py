"""Every route with every role. What is not in this table opens to nobody."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from webapp import access

PUBLIC: frozenset[str] = frozenset()
GUARDED = frozenset({"whoever its guard lets in"})  # by what a machine proves in the very request
RESEARCHER, ADMINISTRATOR, ANALYST, PARTICIPANT = "researcher", "administrator", "analyst", "participant"
PEOPLE = frozenset({RESEARCHER, ADMINISTRATOR, ANALYST})

BOTH = {
    "static": PUBLIC,
    "sign_in.home": PUBLIC,
    "sign_in.form": PUBLIC,
    "sign_in.enter": PUBLIC,
    "sign_in.leave": PUBLIC,
    "language.choose": PUBLIC,
}
DEVICE = {
    **BOTH,
    "participant.overview": {PARTICIPANT},
    "participant.registration": {PARTICIPANT},
    "consent.state": {PARTICIPANT},
    "consent.ask_again": {PARTICIPANT},
    "consent.decide": {PARTICIPANT},
    "consent.receipt": {PARTICIPANT},
    "consent.receipt_file": {PARTICIPANT},
    "reports.form": {PARTICIPANT},
    "reports.send": {PARTICIPANT},
    "own_data.explained": {PARTICIPANT},
    "own_data.copy": {PARTICIPANT},
    "own_data.download": {PARTICIPANT},
    "install.manifest": PUBLIC,  # these three are the same for everybody
    "install.worker": PUBLIC,
    "install.offline": PUBLIC,
    "energy.now": {PARTICIPANT},
    "energy.find": {PARTICIPANT},
    "energy.current": {PARTICIPANT},
    "energy.period": {PARTICIPANT},
}
CENTRE = {
    **BOTH,
    "researcher.households": {RESEARCHER, ADMINISTRATOR},
    "researcher.search": {RESEARCHER, ADMINISTRATOR},
    "researcher.household": {RESEARCHER, ADMINISTRATOR},
    "reports.reports": {RESEARCHER},
    "reports.done": {RESEARCHER},
    "reports.reopen": {RESEARCHER},
    "charts.start": {RESEARCHER},
    "charts.consent": {RESEARCHER},
    "charts.profiles": {RESEARCHER},
    "charts.energy": {RESEARCHER},
    "charts.completeness": {RESEARCHER},
    "charts.installations": {RESEARCHER},
    "registration.new": {RESEARCHER},
    "registration.create": {RESEARCHER},
    "registration.edit": {RESEARCHER},
    "registration.correct": {RESEARCHER},
    "registration.corrected": {RESEARCHER},
    "registration.complete": {RESEARCHER},
    "registration.devices": {RESEARCHER},
    "registration.invite": {RESEARCHER},
    "registration.bundle": {RESEARCHER},
    "registration.outlines": {RESEARCHER},
    "registration.places": {RESEARCHER},
    "registration.revocation": {RESEARCHER},
    "registration.record_revocation": {RESEARCHER},
    "registration.bring": {RESEARCHER},
    "registration.check": {RESEARCHER},
    "registration.begin": {RESEARCHER},
    "registration.imported": {RESEARCHER},
    "registration.template": {RESEARCHER},
    "analyst.form": {RESEARCHER, ANALYST},
    "analyst.download": {RESEARCHER, ANALYST},
    "analyst.data": {RESEARCHER, ANALYST},
    "releases.overview": {RESEARCHER, ANALYST},
    "releases.make": {RESEARCHER, ANALYST},
    "data.newest": {RESEARCHER, ANALYST},
    "data.version": {RESEARCHER, ANALYST},
    "data.file": {RESEARCHER, ANALYST},
    "data.whole": {RESEARCHER, ANALYST},
    "administrator.health": {ADMINISTRATOR},
    "administrator.device": {ADMINISTRATOR},
    "administrator.centre": {ADMINISTRATOR},
    "administrator.retry": {ADMINISTRATOR},
    "administrator_accounts.accounts": {ADMINISTRATOR},
    "administrator_accounts.new": {ADMINISTRATOR},
    "administrator_accounts.invite": {ADMINISTRATOR},
    "administrator_accounts.account": {ADMINISTRATOR},
    "administrator_accounts.change_roles": {ADMINISTRATOR},
    "administrator_accounts.lock": {ADMINISTRATOR},
    "administrator_accounts.unlock": {ADMINISTRATOR},
    "administrator_accounts.new_link": {ADMINISTRATOR},
    "administrator_accounts.remove": {ADMINISTRATOR},
    "metrics.metrics": GUARDED,  # by Prometheus' token
    "accounts.link": PUBLIC,  # the secret in its address is the proof
    "accounts.use_link": PUBLIC,
    "accounts.own": PEOPLE,
    "accounts.change_password": PEOPLE,
    "accounts.sign_out_everywhere": PEOPLE,
}
PLACES = {
    "code": "de",
    "step": "granted",
    "household": "5f000000-0000-4000-8000-00000000bbbb",
    "report": "5f000000-0000-4000-8000-0000000000cc",
    "span": "month",
    "name": "2026-06",
    "token": "0" * 43,
    "device": "5f000000-0000-4000-8000-00000000aaaa",
    "batch": "5f000000-0000-4000-8000-0000000000dd",
    "form": "csv",
    "number": 999,
    "filename": "survey.css",
    "path": "datapackage.json",
}
# Who signs in where, and the roles that they hold.
VISITORS: dict[str, dict[str, frozenset[str]]] = {
    "device": {"": frozenset(), "the household": frozenset({PARTICIPANT})},
    "centre": {
        "": frozenset(),
        "rosa": frozenset({RESEARCHER}),
        "adam": frozenset({ADMINISTRATOR}),
        "anna": frozenset({ANALYST}),
    },
}


def requests_of(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Every route with each of its methods: rule, method, a path that it serves."""
    bound = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            values = {name: PLACES[name] for name in rule.arguments}
            yield rule, method, bound.build(rule.endpoint, values, method=method)


@pytest.mark.parametrize(("site", "table"), [("device", DEVICE), ("centre", CENTRE)])
def test_the_table_and_the_app_agree(
    site: str, table: dict[str, set[str]], request: pytest.FixtureRequest
) -> None:
    app = request.getfixturevalue(site).app
    found = {}
    for rule in app.url_map.iter_rules():
        declared = access.declared(app.view_functions[rule.endpoint])
        assert declared is not None, rule
        found[rule.endpoint] = set(GUARDED if declared.guard else declared.roles)
    assert found == {name: set(roles) for name, roles in table.items()}


@pytest.mark.parametrize(
    ("site", "visitor"), [(site, visitor) for site, all_ in VISITORS.items() for visitor in all_]
)
def test_every_route_opens_to_its_roles_alone(
    site: str, visitor: str, request: pytest.FixtureRequest
) -> None:
    here = request.getfixturevalue(site)
    table = DEVICE if site == "device" else CENTRE
    held = VISITORS[site][visitor]
    walked = 0
    for rule, method, path in requests_of(here.app):
        if visitor:
            browser = here.participant() if site == "device" else here.signed_in(visitor)
        else:
            browser = here.visitor()
        answer = browser.client.open(path, method=method, buffered=True)
        may = not table[rule.endpoint] or bool(held & set(table[rule.endpoint]))
        name = f"{visitor or 'a stranger'}: {method} {path}"
        if table[rule.endpoint] == GUARDED:
            assert answer.status_code in {401, 403}, name
        elif not may and not held:
            assert (answer.status_code, answer.location) == (303, "/sign-in"), name
        elif not may:
            assert answer.status_code == 403, name
            assert "Not for your role" in answer.text or method == "HEAD", name
        elif method == "POST":
            assert answer.status_code == 400, name  # let through as far as the form's token
        else:
            assert answer.status_code in {200, 303, 404, 422}, name
            assert answer.location != "/sign-in" or rule.endpoint == "sign_in.home", name
        walked += 1
    assert walked > 10


def test_what_is_refused_tells_nothing(centre: Any, sample: Any) -> None:
    """Refused before it is looked up: there is no telling which households there are."""
    anna = centre.signed_in("anna")
    known, unknown = sample.summary(1).household, sample.summary(2).household
    centre.registry.put_once(sample.summary(1).to_json())
    # What names the page that was asked for is what the visitor sent.
    answers = {anna.get(f"/households/{one}").text.replace(one, "") for one in (known, unknown)}
    assert len(answers) == 1


def test_a_route_that_declares_nothing_opens_to_nobody(own_device: Any) -> None:
    own_device.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert own_device.participant().get("/forgotten").status_code == 403
    assert own_device.visitor().get("/forgotten").status_code == 403


def test_an_app_with_a_route_that_declares_nothing_is_not_made() -> None:
    app = Flask("x")
    app.view_functions["static"] = access.public(app.view_functions["static"])
    access.check_declarations(app)
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    with pytest.raises(LookupError, match="forgotten"):
        access.check_declarations(app)


def test_a_guarded_route_is_judged_by_its_guard_alone(own_device: Any) -> None:
    answers: list[Any] = [None, ("no certificate", 401)]

    @access.guarded(lambda: answers.pop(0))
    def take() -> str:
        return "taken"

    own_device.app.add_url_rule("/machine", "machine", take, methods=["POST"])
    client = own_device.visitor().client
    assert client.post("/machine", json={}).text == "taken"  # no form, so no form's token
    refused = client.post("/machine", json={})
    assert (refused.status_code, refused.text) == (401, "no certificate")

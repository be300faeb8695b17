"""Who may open what. The pages are closed by default."""

from typing import Any

import pytest

from webapp import access


@pytest.mark.parametrize("site", ["device", "centre"])
def test_every_route_declares_its_roles(site: str, request: pytest.FixtureRequest) -> None:
    app = request.getfixturevalue(site).app
    undeclared = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if access.declared_roles(app.view_functions[rule.endpoint]) is None
    ]
    assert undeclared == []


def test_only_signing_in_and_static_files_are_public(device: Any, centre: Any) -> None:
    for site in (device, centre):
        public = {
            rule.endpoint
            for rule in site.app.url_map.iter_rules()
            if access.declared_roles(site.app.view_functions[rule.endpoint]) == frozenset()
        }
        assert public == {"static", "sign_in.home", "sign_in.form", "sign_in.enter", "sign_in.leave"}


def test_a_route_that_declares_nothing_opens_to_nobody(own_device: Any) -> None:
    own_device.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert own_device.participant().get("/forgotten").status_code == 403


def test_a_declaration_without_roles_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(ValueError, match="name the roles"):
        access.roles()


@pytest.mark.parametrize(
    "path", ["/overview", "/consent", "/consent/granted", "/registration", "/measurements"]
)
def test_a_stranger_is_sent_to_the_household_code(device: Any, path: str) -> None:
    answer = device.visitor().get(path)
    assert (answer.status_code, answer.location) == (303, "/sign-in")


@pytest.mark.parametrize(
    ("name", "households", "export"), [("rosa", 200, 200), ("adam", 200, 403), ("anna", 403, 200)]
)
def test_each_role_at_the_centre_sees_its_own_pages(
    centre: Any, name: str, households: int, export: int
) -> None:
    browser = centre.signed_in(name)
    assert browser.get("/households").status_code == households
    assert browser.get("/export").status_code == export


@pytest.mark.parametrize(("name", "home"), [("rosa", "/households"), ("anna", "/export")])
def test_the_first_page_is_the_one_for_the_role(centre: Any, name: str, home: str) -> None:
    assert centre.signed_in(name).get("/").location == home


def test_a_machines_account_is_turned_away(centre: Any) -> None:
    browser = centre.visitor()
    browser.get("/sign-in")
    answer = browser.send("/sign-in", name="worker", password="worker's")
    assert answer.status_code == 403
    assert "for machines" in answer.text


def test_a_wrong_password_is_turned_away_and_not_shown_again(centre: Any) -> None:
    browser = centre.visitor()
    browser.get("/sign-in")
    answer = browser.send("/sign-in", name="rosa", password="guess-1234")
    assert answer.status_code == 403
    assert 'value="rosa"' in answer.text
    assert "guess-1234" not in answer.text


def test_guessing_at_the_centre_is_slowed_down_for_that_name_only(centre: Any) -> None:
    browser = centre.visitor()
    for _ in range(6):
        browser.get("/sign-in")
        answer = browser.send("/sign-in", name="rosa", password="wrong")
    assert "wait" in answer.text
    browser.get("/sign-in")
    assert browser.send("/sign-in", name="rosa", password="rosa's").status_code == 403
    assert centre.signed_in("anna").get("/export").status_code == 200


def test_a_session_ends_after_its_time(device: Any, centre: Any) -> None:
    for site, path in ((device, "/overview"), (centre, "/households")):
        browser = site.participant() if site is device else site.signed_in("rosa")
        assert browser.get(path).status_code == 200
        site.wall.seconds += 9 * 3600
        assert browser.get(path).location == "/sign-in"


def test_signing_out_ends_the_session(centre: Any) -> None:
    browser = centre.signed_in("rosa")
    browser.get("/households")
    assert browser.send("/sign-out").location == "/sign-in"
    assert browser.get("/households").location == "/sign-in"


def test_a_new_household_code_ends_the_sessions_of_the_old_one(own_device: Any) -> None:
    browser = own_device.participant()
    own_device.app.config["SURVEY_SESSION_KEY"] = "another"
    assert browser.get("/overview").location == "/sign-in"


def test_a_forged_cookie_opens_nothing(centre: Any) -> None:
    browser = centre.visitor()
    browser.client.set_cookie("centre", "eyJyb2xlcyI6WyJyZXNlYXJjaGVyIl19.aaaa.bbbb")
    assert browser.get("/households").location == "/sign-in"


def test_the_cookie_is_for_this_site_alone_and_out_of_reach_of_scripts(centre: Any) -> None:
    cookie = centre.visitor().get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


@pytest.mark.parametrize(
    ("site", "path"),
    [("device", "/sign-in"), ("device", "/consent/granted"), ("device", "/sign-out"), ("centre", "/export")],
)
def test_a_form_without_its_token_is_refused(site: str, path: str, request: pytest.FixtureRequest) -> None:
    here = request.getfixturevalue(site)
    browser = here.participant() if site == "device" else here.signed_in("anna")
    answer = browser.client.post(path, data={"sure": "yes", "code": "x"})
    assert answer.status_code == 400
    assert "too old" in answer.text
    if site == "device":
        assert here.replica.docs == {}

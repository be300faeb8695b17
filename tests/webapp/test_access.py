"""Who may open what. The pages are closed by default."""

from typing import Any

import pytest

from webapp import access


def test_a_declaration_without_roles_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(ValueError, match="name the roles"):
        access.roles()


@pytest.mark.parametrize(
    ("name", "home"), [("rosa", "/households"), ("adam", "/health"), ("anna", "/export")]
)
def test_the_first_page_is_the_one_for_the_role(centre: Any, name: str, home: str) -> None:
    assert centre.signed_in(name).get("/").location == home


def test_signing_out_ends_the_session(centre: Any) -> None:
    browser = centre.signed_in("rosa")
    browser.get("/households")
    assert browser.send("/sign-out").location == "/sign-in"
    assert browser.get("/households").location == "/sign-in"


def test_a_forged_cookie_opens_nothing(centre: Any) -> None:
    browser = centre.visitor()
    for forged in ("", "x", "0" * 43, "A" * 3000, "' OR 1=1 --"):
        browser.client.set_cookie("centre", forged)
        assert browser.get("/households").location == "/sign-in", forged


@pytest.mark.parametrize(
    ("site", "path"),
    [
        ("device", "/sign-in"),
        ("device", "/consent/granted"),
        ("device", "/sign-out"),
        ("centre", "/export"),
        ("centre", "/own-account/password"),
        ("centre", "/own-account/sign-out-everywhere"),
    ],
)
def test_a_form_without_its_token_is_refused(site: str, path: str, request: pytest.FixtureRequest) -> None:
    here = request.getfixturevalue(site)
    browser = here.participant() if site == "device" else here.signed_in("anna")
    answer = browser.client.post(path, data={"sure": "yes", "code": "x"})
    assert answer.status_code == 400
    assert "too old" in answer.text
    if site == "device":
        assert here.replica.docs == {}


@pytest.mark.parametrize("https", [False, True])
def test_cookies_are_for_this_site_alone_and_out_of_reach_of_scripts(
    https: bool, own_device: Any, make_own_device: Any
) -> None:
    browser = (make_own_device(https=True) if https else own_device).visitor()
    base = "https://localhost" if https else "http://localhost"
    browser.client.environ_base["HTTP_REFERER"] = f"{base}/sign-in"
    cookies = browser.get("/sign-in", base_url=base).headers.getlist("Set-Cookie")
    answer = browser.send("/sign-in", code="K7QMX-3WPZD", base_url=base)
    assert answer.status_code == 303
    cookies += [text for text in answer.headers.getlist("Set-Cookie") if "Max-Age=0" not in text]
    assert len(cookies) >= 2
    for text in cookies:
        assert "HttpOnly" in text
        assert "SameSite=Strict" in text
        assert "Path=/" in text
        assert ("Secure" in text) is https
        assert text.startswith("__Host-") is https
        assert "Domain" not in text


def test_a_form_from_before_the_sign_in_is_worth_nothing_after_it(centre: Any) -> None:
    before = centre.visitor()
    before.get("/sign-in")
    planted = before.page
    browser = centre.signed_in("anna")
    browser.page = planted
    assert browser.send("/export").status_code == 400


def test_somebody_elses_forms_are_worth_nothing(centre: Any) -> None:
    """A foreign forms' cookie in the browser, as a neighbouring host could set one, opens no form."""
    other = centre.signed_in("rosa")
    other.get("/export")
    browser = centre.signed_in("anna")
    forms = other.client.get_cookie("centre_forms")
    browser.client.set_cookie("centre_forms", forms.value)
    browser.page = other.page
    assert browser.send("/export").status_code == 400


def test_coming_from_another_site_does_not_sign_out(centre: Any) -> None:
    """Browsers leave strict cookies out of such a request; what we answer must not replace the session's."""
    browser = centre.signed_in("rosa")
    from_elsewhere = centre.visitor()
    from_elsewhere.get("/households")
    answer = from_elsewhere.get("/sign-in")
    for text in answer.headers.getlist("Set-Cookie"):
        name, _, value = text.partition(";")[0].partition("=")
        browser.client.set_cookie(name, value)
    assert browser.get("/households").status_code == 200

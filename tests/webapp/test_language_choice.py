"""Which language a reader gets, and the way back after choosing one."""

from typing import Any

import pytest

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def test_the_browsers_wish_counts_until_a_language_is_chosen(centre: Any) -> None:
    browser = centre.visitor()
    assert '<html lang="de">' in browser.get("/sign-in", headers=GERMAN).text
    assert browser.send("/language", language="en", back="/sign-in").location == "/sign-in"
    assert '<html lang="en">' in browser.get("/sign-in", headers=GERMAN).text
    browser.send("/language", language="de", back="/sign-in")
    assert "Anmelden" in browser.get("/sign-in").text


def test_a_language_that_there_is_not_changes_nothing(centre: Any) -> None:
    browser = centre.visitor()
    browser.get("/sign-in")
    answer = browser.send("/language", language="tlh", back="/sign-in")
    assert not [cookie for cookie in answer.headers.getlist("Set-Cookie") if "survey_language" in cookie]


@pytest.mark.parametrize(
    ("back", "goes"),
    [
        ("/households?from=x", "/households?from=x"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("//[", "/"),
        ("http://[", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("evil", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_stays_on_this_site(centre: Any, back: str, goes: str) -> None:
    browser = centre.visitor()
    browser.get("/sign-in")
    assert browser.send("/language", language="de", back=back).location == goes


def test_choosing_asks_for_the_forms_token(centre: Any) -> None:
    assert centre.visitor().client.post("/language", data={"language": "de"}).status_code == 400


def test_a_page_that_came_of_a_form_is_gone_back_to_by_its_address(centre: Any) -> None:
    browser = centre.visitor()
    browser.get("/sign-in")
    assert 'name="back" value="/sign-in"' in browser.send("/sign-in", name="x", password="y").text


def test_the_cookie_is_for_this_site_alone(make_own_device: Any) -> None:
    browser = make_own_device(https=True).visitor()
    browser.get("/sign-in", base_url="https://pi.home")
    answer = browser.client.post(
        "/language",
        base_url="https://pi.home",
        headers={"Referer": "https://pi.home/sign-in"},
        data={"language": "de", "back": "/sign-in", "csrf_token": _token(browser.page)},
    )
    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if "survey_language" in one]
    for part in ("__Host-survey_language=de", "Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in cookie


def _token(page: str) -> str:
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]

"""The pages of accounts, as their owners use them."""

import re
from typing import Any

import pytest

NEW = "a new and long password"


@pytest.fixture
def invited(own_centre: Any) -> Any:
    """The path of a fresh link of the account `igor`."""
    return "/link/" + own_centre.accounts.directory.reset("igor", valid_s=600).token


def test_an_invited_person_sets_a_password_and_signs_in_with_it(own_centre: Any, invited: str) -> None:
    browser = own_centre.visitor()
    page = browser.get(invited)
    assert page.status_code == 200
    assert 'value="igor"' in page.text
    assert browser.send(invited, new=NEW, again=NEW).location == "/sign-in?done=set"
    assert "is set" in browser.get("/sign-in?done=set").text
    assert browser.send("/sign-in", name="igor", password=NEW).status_code == 303
    assert browser.get("/households").status_code == 200


def test_looking_at_a_link_uses_nothing_up(own_centre: Any, invited: str) -> None:
    for _ in range(3):
        assert own_centre.visitor().get(invited).status_code == 200


@pytest.mark.parametrize(
    ("new", "again", "words"),
    [
        ("short", "short", "at least 12"),
        (NEW, NEW + "!", "differ"),
        ("igor" * 9, "igor" * 9, "name"),
        ("", "", "12"),
    ],
)
def test_a_password_that_will_not_do_leaves_the_link_as_it_is(
    own_centre: Any, invited: str, new: str, again: str, words: str
) -> None:
    browser = own_centre.visitor()
    browser.get(invited)
    answer = browser.send(invited, new=new, again=again)
    assert answer.status_code == 422
    assert words in answer.text
    assert not new or new not in answer.text.replace('value="igor"', "")
    assert browser.send(invited, new=NEW, again=NEW).status_code == 303


def test_a_used_an_old_and_an_invented_link_look_the_same(own_centre: Any, invited: str) -> None:
    browser = own_centre.visitor()
    browser.get(invited)
    browser.send(invited, new=NEW, again=NEW)
    old = "/link/" + own_centre.accounts.directory.reset("rosa", valid_s=60).token
    own_centre.wall.seconds += 61
    paths = (invited, old, "/link/" + "0" * 43, "/link/x")
    answers = [own_centre.visitor().get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [404] * 4
    alike = {
        re.sub(r'csrf_token" value="[^"]*', "", answer.text.replace(path, "/link"))
        for path, answer in zip(paths, answers, strict=True)
    }
    assert len(alike) == 1


def test_of_two_who_send_a_link_at_once_one_sets_the_password(own_centre: Any, invited: str) -> None:
    first, second = own_centre.visitor(), own_centre.visitor()
    first.get(invited)
    second.get(invited)
    assert first.send(invited, new=NEW, again=NEW).status_code == 303
    assert second.send(invited, new="another long password", again="another long password").status_code == 404
    assert own_centre.signed_in("igor", NEW).get("/own-account").status_code == 200


def test_a_link_ends_the_session_of_whoever_uses_it(own_centre: Any, invited: str) -> None:
    browser = own_centre.signed_in("rosa")
    browser.get(invited)
    browser.send(invited, new=NEW, again=NEW)
    assert browser.get("/households").location == "/sign-in"


def test_ones_own_account_shows_name_roles_and_sessions(centre: Any) -> None:
    centre.signed_in("anna")
    page = centre.signed_in("anna").get("/own-account").text
    assert '<h2 id="facts">anna</h2>' in page
    assert "analyst" in page
    assert "in 2 browsers" in page


def test_a_changed_password_ends_the_other_sessions_and_renews_ones_own(own_centre: Any, words: Any) -> None:
    browser, other = own_centre.signed_in("rosa"), own_centre.signed_in("rosa")
    before = browser.client.get_cookie("centre").value
    browser.get("/own-account")
    sent = browser.send("/own-account/password", current=words("rosa"), new=NEW, again=NEW)
    assert sent.location == "/own-account?done=changed"
    assert "is changed" in browser.get("/own-account?done=changed").text
    assert browser.client.get_cookie("centre").value != before
    assert other.get("/households").location == "/sign-in"
    browser.get("/sign-in")
    assert browser.send("/sign-in", name="rosa", password=words("rosa")).status_code == 403
    own_centre.signed_in("rosa", NEW)


@pytest.mark.parametrize(
    ("current", "new", "words_"), [("", NEW, "wrong"), ("x" * 14, NEW, "wrong"), (None, "short", "12")]
)
def test_a_password_is_changed_by_who_knows_it_and_to_a_good_one(
    own_centre: Any, words: Any, current: str | None, new: str, words_: str
) -> None:
    browser = own_centre.signed_in("rosa")
    browser.get("/own-account")
    given = words("rosa") if current is None else current
    answer = browser.send("/own-account/password", current=given, new=new, again=new)
    assert answer.status_code == 422
    assert words_ in answer.text
    own_centre.signed_in("rosa")


def test_guessing_ones_own_password_is_slowed_down(own_centre: Any, words: Any) -> None:
    browser = own_centre.signed_in("rosa")
    for _ in range(6):
        browser.get("/own-account")
        answer = browser.send("/own-account/password", current="a guess of many", new=NEW, again=NEW)
    assert "wait" in answer.text
    browser.get("/own-account")
    answer = browser.send("/own-account/password", current=words("rosa"), new=NEW, again=NEW)
    assert answer.status_code == 422


def test_signing_out_everywhere_ends_all_of_ones_sessions(own_centre: Any) -> None:
    browser, other, anna = (own_centre.signed_in(name) for name in ("rosa", "rosa", "anna"))
    browser.get("/own-account")
    assert browser.send("/own-account/sign-out-everywhere").location == "/sign-in"
    assert browser.get("/households").location == "/sign-in"
    assert other.get("/households").location == "/sign-in"
    assert anna.get("/export").status_code == 200


def test_the_sign_in_gives_another_id_and_ends_the_one_before(own_centre: Any, words: Any) -> None:
    browser = own_centre.signed_in("rosa")
    before = browser.client.get_cookie("centre").value
    browser.get("/sign-in")
    browser.send("/sign-in", name="anna", password=words("anna"))
    assert browser.client.get_cookie("centre").value != before
    old = own_centre.visitor()
    old.client.set_cookie("centre", before)
    assert old.get("/households").location == "/sign-in"


def test_an_id_that_was_planted_before_the_sign_in_is_not_taken_over(own_centre: Any, words: Any) -> None:
    browser = own_centre.visitor()
    browser.client.set_cookie("centre", "A" * 43)
    browser.get("/sign-in")
    browser.send("/sign-in", name="rosa", password=words("rosa"))
    assert browser.client.get_cookie("centre").value != "A" * 43


def test_roles_that_change_hold_at_the_next_request_under_another_id(own_centre: Any) -> None:
    browser = own_centre.signed_in("rosa")
    browser.get("/export")
    before = browser.client.get_cookie("centre").value
    own_centre.accounts.directory.set_roles("rosa", ["analyst"])
    assert browser.get("/households").status_code == 403
    assert browser.client.get_cookie("centre").value != before
    assert browser.get("/export").status_code == 200


def test_a_disabled_person_is_out_at_the_next_request(own_centre: Any) -> None:
    browser = own_centre.signed_in("rosa")
    own_centre.accounts.directory.disable("rosa")
    assert browser.get("/households").location == "/sign-in"


def test_wrong_and_slowed_down_sign_ins_say_so_and_show_no_password(centre: Any) -> None:
    browser = centre.visitor()
    for _ in range(6):
        browser.get("/sign-in")
        answer = browser.send("/sign-in", name="rosa", password="guess-12345678")
        assert answer.status_code == 403
        assert 'value="rosa"' in answer.text
        assert "guess-1234" not in answer.text
    assert "wait" in answer.text
    assert centre.signed_in("rosa", source="203.0.113.9").get("/households").status_code == 200


def test_while_the_accounts_cannot_be_read_nobody_is_signed_in(
    own_centre: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_centre.app.config["PROPAGATE_EXCEPTIONS"] = False
    browser = own_centre.signed_in("rosa")
    with own_centre.accounts.directory.file.writing() as tables:
        tables.execute("DROP TABLE session")
    answer = browser.get("/households")
    assert answer.status_code == 500
    assert "no such table" not in answer.text
    assert "Sign out" not in answer.text

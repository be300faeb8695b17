"""Sessions of the device's page end."""

from typing import Any

import pytest

from webapp.participant.sessions import PageSessions
from webapp.site import Entered


class Time:
    seconds = 5.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sessions(time: Time) -> PageSessions:
    return PageSessions(lambda: "key", idle_s=100, longest_s=250, monotonic=time)


def test_a_session_that_is_not_used_ends(sessions: Any, time: Time) -> None:
    token = sessions.begin(Entered(("participant",)))
    time.seconds += 99
    assert sessions.find(token) is not None
    time.seconds += 100
    assert sessions.find(token) is None


def test_a_session_that_is_used_ends_too_in_the_end(sessions: Any, time: Time) -> None:
    token = sessions.begin(Entered(("participant",)))
    for _ in range(4):
        time.seconds += 60
        assert sessions.find(token) is not None
    time.seconds += 10
    assert sessions.find(token) is None


def test_signing_out_ends_the_session_for_whoever_copied_its_cookie(device: Any) -> None:
    browser, thief = device.participant(), device.visitor()
    thief.client.set_cookie("page", browser.client.get_cookie("page").value)
    assert thief.get("/overview").status_code == 200
    browser.get("/overview")
    browser.send("/sign-out")
    assert thief.get("/overview").location == "/sign-in"


def test_memory_for_sessions_is_bounded_and_the_oldest_goes(sessions: Any) -> None:
    tokens = [sessions.begin(Entered(("participant",))) for _ in range(150)]
    assert [sessions.find(token) is not None for token in tokens] == [False] * 50 + [True] * 100

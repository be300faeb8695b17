"""What every answer carries, and which names we answer to."""

from typing import Any

import pytest

from webapp.headers import host_is_ours


@pytest.mark.parametrize("path", ["/sign-in", "/overview", "/no/such/page", "/static/survey.css"])
def test_every_answer_forbids_foreign_scripts_frames_and_guessing_of_types(device: Any, path: str) -> None:
    headers = device.participant().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_personal_pages_are_stored_nowhere_and_the_style_sheet_may_be(device: Any) -> None:
    browser = device.participant()
    assert browser.get("/registration").headers["Cache-Control"] == "no-store"
    assert browser.get("/static/survey.css").headers["Cache-Control"] != "no-store"


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:8080", True),
        ("192.168.178.20", True),
        ("[::1]:8080", True),
        ("localhost:8080", True),
        ("PI.home:8080", True),
        ("pi.home.", True),
        ("evil.example", False),
        ("pi.home.evil.example:8080", False),
        ("", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_only_addresses_and_configured_names_are_answered(host: str, ours: bool) -> None:
    assert host_is_ours(host, ["pi.home"]) is ours


def test_a_rebound_name_is_refused_before_anything_else(device: Any) -> None:
    answer = device.visitor().get("/sign-in", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "csrf_token" not in answer.text

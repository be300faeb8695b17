"""The receipt of a grant and of a revocation."""

from typing import Any

import pytest


@pytest.mark.parametrize("step", ["granted", "revoked"])
def test_a_receipt_tells_what_when_by_which_device_and_whether_the_centre_has_it(
    device: Any, sample: Any, step: str
) -> None:
    device.holds(*sample.meters(), sample.consent(step))
    browser = device.participant()
    assert f"/consent/{step}/receipt" in browser.get("/consent").text
    page = browser.get(f"/consent/{step}/receipt").text
    for words in (
        "29 Jun 2026, 12:07",
        "Cellar",
        sample.device,
        sample.household,
        f"consent:{step}",
        "not yet",
    ):
        assert words in page
    device.replica.locals["transmission"] = {"decided": str(len(device.replica.docs))}
    assert "yes, it has it" in browser.get(f"/consent/{step}/receipt").text


def test_the_receipt_can_be_saved_as_a_text(device: Any, sample: Any) -> None:
    device.holds(sample.consent("revoked"))
    answer = device.participant().get("/consent/revoked/receipt.txt")
    assert answer.mimetype == "text/plain"
    assert 'filename="consent-revoked.txt"' in answer.headers["Content-Disposition"]
    for words in (
        "consent revoked",
        "29 Jun 2026, 12:07 UTC (2026-06-29T12:07:00Z)",
        "consent:revoked",
        "* This is final",
    ):
        assert words in answer.text
    assert "  " not in answer.text


def test_what_was_not_recorded_has_no_receipt(device: Any, sample: Any) -> None:
    device.holds(sample.consent("granted"))
    browser = device.participant()
    for path in ("/consent/revoked/receipt", "/consent/revoked/receipt.txt", "/consent/perhaps/receipt"):
        assert browser.get(path).status_code == 404


def test_a_revocation_by_letter_is_the_researchers_and_at_the_centre(device: Any, sample: Any) -> None:
    device.holds({**sample.consent("revoked"), "by": {"role": "researcher"}})
    page = device.participant().get("/consent/revoked/receipt").text
    assert "the researchers, for you" in page
    assert "yes, it has it" in page


def test_what_the_page_said_before_is_what_the_receipt_says_afterwards(device: Any, sample: Any) -> None:
    browser = device.participant()
    before = browser.get("/consent/granted").text
    device.holds(sample.consent("granted"))
    after = browser.get("/consent/granted/receipt").text
    for words in (
        "every 15 minutes, from the next",
        "evaluate them together with",
        "Granting it a second time",
    ):
        assert words in before
        assert words in after

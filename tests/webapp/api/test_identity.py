"""Whose certificate counts: what the listener handed on, and nobody else."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from api_fakes import SECRET, certificate, shown
from werkzeug.datastructures import Headers

from webapp.api.identity import NoCertificate, NotFromProxy, UnfitCertificate, check_proxy, device_behind

DEVICE = "5f000000-0000-4000-8000-00000000aaaa"
HOUSEHOLD = "5f000000-0000-4000-8000-00000000bbbb"
START = datetime(2026, 6, 1, tzinfo=UTC)
PEM = certificate(DEVICE, HOUSEHOLD, ("household",), start=START)


def test_the_certificate_that_the_listener_verified_says_who_asks() -> None:
    facts = device_behind(Headers(shown(PEM)), SECRET, START)
    assert (facts.device, facts.household, facts.scopes) == (DEVICE, HOUSEHOLD, {"household"})


@pytest.mark.parametrize("secret", [b"", b"guessed", SECRET + b" ", SECRET.upper(), b"\xc3\xbc"])
def test_without_the_secret_of_the_listener_nothing_counts(secret: bytes) -> None:
    with pytest.raises(NotFromProxy):
        device_behind(Headers({**shown(PEM), "X-Survey-Proxy-Secret": secret.decode()}), SECRET, START)


def test_a_service_without_a_secret_believes_nobody() -> None:
    for given in ("", "x"):
        with pytest.raises(NotFromProxy):
            check_proxy(Headers({"X-Survey-Proxy-Secret": given}), b"")


def test_a_request_without_a_certificate_may_still_come_from_the_listener() -> None:
    headers = Headers({"X-Survey-Proxy-Secret": SECRET.decode()})
    check_proxy(headers, SECRET)
    with pytest.raises(NoCertificate):
        device_behind(headers, SECRET, START)


@pytest.mark.parametrize(
    ("after", "fits"),
    [
        (timedelta(seconds=-1), False),
        (timedelta(0), True),
        (timedelta(days=90), True),
        (timedelta(days=91), False),
    ],
)
def test_a_certificate_counts_within_its_time(after: timedelta, fits: bool) -> None:
    if fits:
        assert device_behind(Headers(shown(PEM)), SECRET, START + after)
    else:
        with pytest.raises(UnfitCertificate, match=r"not valid yet|expired"):
            device_behind(Headers(shown(PEM)), SECRET, START + after)


@pytest.mark.parametrize("text", ["nonsense", "%ff", "%2D" * 5000, quote(PEM[:200])])
def test_what_is_no_certificate_is_nobodys(text: Any) -> None:
    headers = Headers({"X-Survey-Proxy-Secret": SECRET.decode()})
    headers.add("X-Survey-Client-Cert", text)
    with pytest.raises(UnfitCertificate) as caught:
        device_behind(headers, SECRET, START)
    assert "\n" not in str(caught.value)

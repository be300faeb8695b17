"""The export as a download from the analysts' page."""

import hashlib
import io
import json
import random
import zipfile
from typing import Any

import pytest

from couch.clock import SLOT, from_rfc3339
from couch.errors import AccessDenied, Unreachable
from webapp.analyst import pages
from webapp.analyst.export_archive import archive
from webapp.analyst.export_request import parse_request

START = from_rfc3339("2026-01-01T00:00:00Z")


@pytest.fixture
def analyst(centre: Any, month: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(pages, "_source", lambda: month)
    browser = centre.signed_in("anna")
    browser.get("/export")
    return browser


def ask(browser: Any, **more: str) -> Any:
    return browser.send(
        "/export",
        **{"from": "2026-01-01", "to": "2026-01-04", "format": "csv", "table": "measurements", **more},
    )


def test_a_download_is_an_archive_of_data_and_description(analyst: Any) -> None:
    browser = analyst
    token = browser.page
    answer = browser.client.post(
        "/export",
        data={
            "from": "2026-01-01",
            "to": "2026-01-04",
            "format": "csv",
            "table": "measurements",
            "csrf_token": token.split('csrf_token" value="')[1].split('"')[0],
        },
        buffered=True,
    )
    assert answer.mimetype == "application/zip"
    assert answer.headers["Content-Disposition"].endswith('household-energy-2026-01-01-2026-01-04-csv.zip"')
    assert answer.headers["Cache-Control"] == "no-store"
    bundle = zipfile.ZipFile(io.BytesIO(answer.data))
    assert bundle.testzip() is None
    package = json.loads(bundle.read("datapackage.json"))
    (resource,) = package["resources"]
    data = bundle.read(resource["path"])
    assert resource["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()
    assert resource["rows"] == len(data.splitlines()) - 1


def test_the_same_download_twice_gives_the_same_bytes(ledger: Any, month: Any) -> None:
    request = parse_request("2026-01-01", "2026-01-04", None, "ndjson")
    assert b"".join(archive(request, month, ledger)) == b"".join(archive(request, month, ledger))


def test_a_download_streams_in_pieces(
    ledger: Any, make_source: Any, measurement: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.analyst.export_archive._FLUSH_BYTES", 100)
    noise = [random.Random(number).randbytes(300).hex() for number in range(1500)]
    source = make_source([measurement(START + n * SLOT, 1, marks=(mark,)) for n, mark in enumerate(noise)])
    request = parse_request("2026-01-01", "2026-03-01", None, "ndjson")
    assert len(list(archive(request, source, ledger))) > 5


def test_an_archive_that_breaks_off_cannot_be_taken_for_a_whole_one(ledger: Any, month: Any) -> None:
    month.breaks_after, month.error = 500, Unreachable("gone")
    received = bytearray()

    def receive() -> None:
        for piece in archive(parse_request("2026-01-01", "2026-01-04", None, "ndjson"), month, ledger):
            received.extend(piece)

    with pytest.raises(Unreachable):
        receive()
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(received))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"from": "2026-02-01"}, "exchange the two"),
        ({"household": "ab" * 16}, "no household has the pseudonym"),
        ({"format": "xlsx"}, "choose one of"),
    ],
)
def test_a_wish_that_cannot_be_met_keeps_what_was_typed(
    analyst: Any, change: dict[str, str], says: str
) -> None:
    answer = ask(analyst, **change)
    assert answer.status_code == 422
    assert says in answer.text
    assert 'value="2026-01-04"' in answer.text


def test_a_database_that_refuses_does_so_before_the_download_begins(analyst: Any, month: Any) -> None:
    month.breaks_after, month.error = 0, AccessDenied("denied")
    assert ask(analyst).status_code == 502


def test_the_form_proposes_the_last_month_up_to_today(analyst: Any) -> None:
    page = analyst.get("/export").text
    assert 'value="2026-05-31"' in page
    assert 'value="2026-07-01"' in page

"""Data sets at the centre's pages: published, downloaded with their checksums, gone once withdrawn."""

import hashlib
import io
import json
import threading
import zipfile
from typing import Any

import pytest

from couch.documents import Withdrawal
from couch.errors import Fault, Unreachable
from webapp.analyst.releases import pages
from webapp.analyst.releases.jobs import Progress
from webapp.analyst.releases.making import Maker, make_release
from webapp.analyst.releases.record import ReleaseRecord
from webapp.analyst.releases.store import ReleaseStore
from webapp.analyst.selection import Selection
from webapp.site import SERVICES

FORM = {"name": "energy", "from": "2026-01-31", "to": "2026-02-02"}
ANYTHING = {"Accept": "*/*"}
A_PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def published(maker: Maker, selection: Selection) -> ReleaseRecord:
    return make_release(maker, "energy", selection).record


def test_a_data_set_is_published_from_the_page(site: Any, store: ReleaseStore) -> None:
    anna = site.signed_in("anna")
    assert "Nothing was published yet" in anna.get("/releases").text
    answer = anna.send("/releases", **FORM, table="measurements")
    assert (answer.status_code, answer.location) == (303, "/releases")
    assert "Version 1 of energy is published." in anna.get("/releases").text
    assert [record.version for record in store.standing()] == [1]
    assert anna.send("/releases", **FORM, table="measurements").status_code == 303
    assert "version 1 holds the same data" in anna.get("/releases").text


def test_whoever_could_be_recognized_keeps_it_from_being_published(
    site: Any, survey: Any, store: ReleaseStore
) -> None:
    survey.anonymity = survey.anonymity.at_threshold(9)
    anna = site.signed_in("anna")
    anna.get("/releases")
    anna.send("/releases", **FORM, table="context")
    page = anna.get("/releases").text
    assert "energy was not made; nothing was published." in page
    assert "6 households of 6 could be recognized" in page
    assert store.names() == []


def test_all_faults_of_the_form_are_told_at_once(site: Any) -> None:
    anna = site.signed_in("anna")
    anna.get("/releases")
    answer = anna.send("/releases", **{**FORM, "name": "Energy!", "to": "2026-01-01"}, table="context")
    assert answer.status_code == 422
    assert "no name for a data set" in answer.text
    assert "exchange the two days" in answer.text


def test_files_come_with_their_checksum(site: Any, published: ReleaseRecord) -> None:
    anna = site.signed_in("anna")
    page = anna.get("/data/energy/1/").text
    for file in published.files:
        assert file.sha256 in page
        answer = anna.client.get(f"/data/energy/1/{file.path}", buffered=True)
        assert hashlib.sha256(answer.data).hexdigest() == file.sha256
        assert answer.headers["ETag"] == f'"{file.sha256}"'
        assert "attachment" in answer.headers["Content-Disposition"]


def test_a_file_can_be_taken_in_parts(site: Any, published: ReleaseRecord) -> None:
    anna = site.signed_in("anna")
    whole = anna.get("/data/energy/1/data/measurements.csv").data
    part = anna.get("/data/energy/1/data/measurements.csv", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, whole[100:200])


def test_all_files_come_in_one_archive_of_the_same_bytes(site: Any, published: ReleaseRecord) -> None:
    anna = site.signed_in("anna")
    archive = anna.client.get("/data/energy/1.zip").data
    with zipfile.ZipFile(io.BytesIO(archive)) as bundle:
        assert bundle.testzip() is None
        assert sorted(bundle.namelist()) == sorted(f"energy-1/{file.path}" for file in published.files)
    assert anna.client.get("/data/energy/1.zip").data == archive


def test_a_withdrawn_version_is_gone_and_names_its_successor_once_there_is_one(  # noqa: PLR0917
    site: Any, published: ReleaseRecord, research: Any, maker: Maker, selection: Selection, survey: Any
) -> None:
    anna = site.signed_in("anna")
    erased = published.households[0]
    research.holds(Withdrawal(household=erased))
    answer = anna.get("/data/energy/1/data/measurements.csv", headers=ANYTHING)
    assert (answer.status_code, answer.mimetype) == (410, "application/problem+json")
    told = json.loads(answer.data)
    assert (told["successor"], told["households_erased"], "Link" in answer.headers) == (None, 1, False)
    assert erased not in answer.text
    page = anna.get("/data/energy/1/", headers=A_PAGE)
    assert page.status_code == 410
    assert "No version takes its place yet" in page.text

    survey.known = [context for context in survey.known if context.household != erased]
    survey.measured = lambda number: number != 0
    assert make_release(maker, "energy", selection).record.version == 2
    for path, place in (
        ("data/measurements.csv", "data/measurements.csv"),
        ("", ""),
        ("data/no.csv", ""),
    ):
        answer = anna.get(f"/data/energy/1/{path}", headers=ANYTHING)
        assert answer.status_code == 410
        assert json.loads(answer.data)["successor"] == f"/data/energy/2/{place}"
        assert answer.headers["Link"] == f'</data/energy/2/{place}>; rel="successor-version"'
    assert "Go to version 2" in anna.get("/data/energy/1/", headers=A_PAGE).text
    assert anna.get("/data/energy/2/data/measurements.csv").status_code == 200
    assert anna.get("/data/energy/1.zip", headers=ANYTHING).status_code == 410
    assert "withdrawn" in anna.get("/releases").text


def test_the_newest_version_has_an_address_of_its_own(site: Any, published: ReleaseRecord) -> None:
    anna = site.signed_in("anna")
    assert anna.get("/data/energy/newest/").location == "/data/energy/1/"
    assert anna.get("/data/energy/newest/README.md").location == "/data/energy/1/README.md"
    assert anna.get("/data/nothing/newest/").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/data/energy/2/",
        "/data/energy/1/release.json",
        "/data/energy/1/../1/README.md",
        "/data/energy/1/data",
        "/data/..%2F..%2Fetc/1/",
        "/data/.making/1/",
        "/data/other/1/README.md",
        "/data/energy/0/",
    ],
)
def test_nothing_else_is_served(site: Any, published: ReleaseRecord, path: str) -> None:
    assert site.signed_in("anna").get(path).status_code == 404


def test_nothing_is_handed_out_while_nobody_knows_who_withdrew(
    site: Any, published: ReleaseRecord, research: Any
) -> None:
    anna = site.signed_in("anna")
    research.fake.fails = Unreachable("nobody answered.")
    assert anna.get("/data/energy/1/README.md").status_code == 503


def test_data_sets_are_for_researchers_and_analysts(site: Any, published: ReleaseRecord) -> None:
    paths = ("/releases", "/data/energy/1/", "/data/energy/1/README.md", "/data/energy/1.zip")
    adam = site.signed_in("adam")
    assert [adam.get(path).status_code for path in paths] == [403] * 4
    assert [site.visitor().get(path).status_code for path in paths] == [303] * 4
    rosa = site.signed_in("rosa")
    assert [rosa.client.get(path, buffered=True).status_code for path in paths] == [200] * 4


def test_a_centre_without_a_folder_has_no_such_pages(centre: Any) -> None:
    anna = centre.signed_in("anna")
    assert [anna.get(path).status_code for path in ("/releases", "/data/energy/1/")] == [404, 404]


def test_a_refusal_speaks_the_language_of_whoever_asked(site: Any, survey: Any) -> None:
    survey.anonymity = survey.anonymity.at_threshold(9)
    anna = site.signed_in("anna")
    anna.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    anna.get("/releases")
    anna.send("/releases", **FORM, table="context")
    assert "6 Haushalte von 6 wären in diesem Export zu erkennen" in anna.get("/releases").text


def test_one_data_set_is_made_at_a_time_and_how_far_it_is_can_be_seen(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on, jobs = threading.Event(), site.app.extensions[SERVICES].releases.jobs

    def making(progress: Progress) -> Any:
        progress("intervals", 1234)
        going_on.wait(30)
        raise Fault("there was no room.")

    assert jobs.start("other", making)
    monkeypatch.setattr(pages, "_SOON_S", 0.0)
    anna = site.signed_in("anna")
    seen = anna.get("/releases").text
    assert "other is being made." in seen
    answer = anna.send("/releases", **FORM, table="measurements")
    assert (answer.status_code, "is being made already" in answer.text) == (409, True)
    going_on.set()
    jobs.wait(30)
    assert "other was not made; nothing was published. there was no room." in " ".join(
        anna.get("/releases").text.split()
    ).replace("</p>", "")


def test_a_fault_of_our_own_is_said_to_be_in_the_log(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    jobs = site.app.extensions[SERVICES].releases.jobs

    def making(_progress: Progress) -> Any:
        raise ZeroDivisionError

    assert jobs.start("odd", making)
    jobs.wait(30)
    assert "The log of the service says why." in site.signed_in("anna").get("/releases").text
    assert "ZeroDivisionError" in caplog.text

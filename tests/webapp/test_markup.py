"""Every page, read as a machine would: accessible, without scripts, translatable."""

import re
from datetime import timedelta
from gettext import NullTranslations
from html.parser import HTMLParser
from typing import Any

import pytest

from couch.documents import ConsentState, DeviceSummary, Parked, Report
from couch.errors import Unreachable
from webapp.translation import CATALOGS, catalogs

_VOID = {"meta", "link", "input", "br", "line", "polyline"}


class Page(HTMLParser):
    """Collects what the tests look at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []  # tag around it, text
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [value for _tag, attrs in self.tags if (value := attrs.get(attribute))]


@pytest.fixture
def pages(device: Any, centre: Any, sample: Any, now: Any) -> dict[str, str]:
    """The text of every page in every state that looks different."""
    found: dict[str, str] = {}
    participant = device.participant()
    always = ("/overview", "/consent", "/registration", "/registration/reports", "/data", "/data/copy")
    for path in ("/offline/en", *always, "/measurements", "/consent/granted"):
        found[f"empty {path}"] = participant.get(path).text
    found["code"] = device.visitor().get("/sign-in").text
    found["wrong code"] = participant.send("/sign-in", code="ABC").text
    slot = now.replace(minute=0)
    device.holds(sample.registration(), *sample.meters(), sample.consent("granted"))
    for number in range(5):
        at = slot - number * timedelta(minutes=15)
        device.holds(sample.measurement(at, sample.energy(number), sample.power(5), marks=("x",)))
        device.holds(sample.measurement(at, sample.energy(-number), meter=sample.generation_meter))
    device.replica.locals["heartbeat"] = sample.heartbeat(last_pull=now, backlog=1, refused=2, errors=("x",))
    participant = device.participant()
    times = ("day/2026-06-30", "week/2026-W27", "month/2026-06", "year/2026", "day/2026-07-02", "find?date=x")
    measurements = ("/measurements", *(f"/measurements/{time}" for time in times))
    report = Report(report=sample.household, at=now, text="x").to_json()
    device.holds(report, sample.pv_system(sample.generation_meter))
    for path in (*always, *measurements, "/consent/granted/receipt", "/consent/revoked", "/nope"):
        found[f"full {path}"] = participant.get(path).text
    found["fault of a report"] = participant.send("/registration/reports", form="x", text=" ").text
    participant.get("/registration/reports?done=recorded")
    found["recorded"] = participant.page
    participant.get("/consent/revoked")
    found["unticked"] = participant.send("/consent/revoked").text
    device.holds(sample.consent("revoked"))
    for path in ("/overview", "/consent", "/consent/revoked/receipt"):
        found[f"revoked {path}"] = participant.get(path).text
    device.replica.fails = Unreachable("x")
    found["unreachable"] = participant.get("/overview").text
    device.marked()
    found["being erased"] = participant.get("/overview").text
    device.marked(erased_at=now, unsent_measurements=2)
    found["erased"] = participant.get("/overview").text
    device.marked(erased_at=now, unsent_measurements=2, confirmed_at=now)
    found["erased and confirmed"] = device.visitor().get("/sign-in").text

    stranger = centre.visitor()
    found["centre sign-in"] = stranger.get("/sign-in").text
    found["centre sign-in after a link"] = stranger.get("/sign-in?done=set").text
    found["wrong password"] = stranger.send("/sign-in", name="x", password="x").text
    link = f"/link/{centre.accounts.directory.reset('igor', valid_s=600).token}"
    found["link"] = stranger.get(link).text
    found["link fault"] = stranger.send(link, new="x", again="x").text
    found["link that does not work"] = stranger.get("/link/x").text
    rosa = centre.signed_in("rosa")
    found["own account"] = rosa.get("/own-account").text
    found["own account changed"] = rosa.get("/own-account?done=changed").text
    found["own account fault"] = rosa.send("/own-account/password", current="x", new="x", again="x").text
    found["no households"] = rosa.get("/households").text
    beat = DeviceSummary(
        device=sample.device, name="x", heartbeat_at=now, refused=1, errors=("x",), versions={"x": "x"}
    )
    for number in range(55):
        summary = sample.summary(
            number, consent=ConsentState.GRANTED, granted_at=now, devices=(beat,), name="x", city="x"
        )
        centre.registry.put_once(summary.to_json())
    parked = Parked(household=summary.household, document="x", document_rev="1-a", reason="x", at=now)
    centre.registry.put_once(parked.to_json())
    found["households"] = rosa.get("/households").text
    found["household"] = rosa.get(f"/households/{summary.household}").text
    found["export"] = rosa.get("/export").text
    found["export fault"] = rosa.send("/export", **{"from": "x", "to": "y", "format": "csv"}).text
    adam = centre.signed_in("adam")
    for path in ("/health", "/health?show=well", f"/health/devices/{sample.device}", "/health/centre"):
        found[f"administrator {path}"] = adam.get(path).text
    for path in ("/accounts", "/accounts?done=removed", "/accounts/new", "/accounts/2"):
        found[f"administrator {path}"] = adam.get(path).text
    found["account to be removed"] = adam.send("/accounts/2/remove").text
    found["invitation fault"] = adam.send("/accounts/new").text
    centre.registry.fails = Unreachable("x")
    found["centre unreachable"] = rosa.get("/households").text
    return found


def test_every_page_is_well_formed_and_scripts_are_files_of_ours(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        page = Page(text)
        assert (page.open, page.unbalanced) == ([], []), name
        for script in page.attributes("script"):  # a file, or data that no browser runs
            assert script.get("type") == "application/json" or "src" in script, name
        assert not page.values("style"), name
        assert not [key for _tag, attrs in page.tags for key in attrs if key.startswith("on")], name
        assert not [url for url in page.values("href") + page.values("src") if "//" in url], name


def test_every_page_can_be_read_with_a_screen_reader(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        page = Page(text)
        assert page.attributes("html")[0]["lang"] == "en", name
        assert len(page.attributes("h1")) == 1, name
        assert len(page.attributes("main")) == 1, name
        assert page.attributes("a")[0]["href"] == "#content", name
        ids = page.values("id")
        assert len(ids) == len(set(ids)), name
        for reference in ("aria-labelledby", "aria-describedby"):
            for value in page.values(reference):
                assert set(value.split()) <= set(ids), (name, value)
        labelled = {attrs["for"] for attrs in page.attributes("label")}
        for field in page.attributes("input"):
            assert field["type"] == "hidden" or field["id"] in labelled, (name, field)
        assert len(page.attributes("caption")) == len(page.attributes("table")), name
        assert all("scope" in head for head in page.attributes("th")), name
        assert all(drawing["role"] == "img" for drawing in page.attributes("svg")), name


class _Marking(NullTranslations):
    """A language in which every text stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"[{message}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"[{msgid1 if n == 1 else msgid2}]"


@pytest.fixture
def marking(monkeypatch: pytest.MonkeyPatch, device: Any, centre: Any) -> None:
    for app in (device.app, centre.app):
        monkeypatch.setitem(app.extensions[CATALOGS], "en", _Marking())


@pytest.mark.usefixtures("marking")
class TestInAnotherLanguage:
    def test_every_text_of_every_page_is_translated(self, pages: dict[str, str]) -> None:
        for name, text in pages.items():
            left = [
                text
                for tag, text in Page(text).texts
                if not text.startswith("[") and not (tag in {"text", "script", "code"} or _is_data(text))
            ]
            assert left == [], name


def _is_data(text: str) -> bool:
    """Numbers, times, codes and what documents hold; all else is for a reader and needs a translation."""
    words = (
        "x Erika <Mustermann> erika@example.org Heidestraße Köln Cellar MT175 DD3 "
        "Household rosa adam anna igor UTC W kW kWh Deutsch Jun Jul May "
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday June July"
    )
    text = re.sub(r"\[[^]]*\]", "", text)  # what was translated
    rest = [word for word in text.split() if word.strip(",()·:.") not in words.split()]
    return all(any(c.isdigit() for c in word) or not any(c.isalpha() for c in word) for word in rest)


def test_english_is_always_there() -> None:
    assert "en" in catalogs()

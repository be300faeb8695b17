"""A participant's story (FR-01 to FR-04), on a phone, at a device in real processes whose network is cut.

The device, its household and its centre are this story's own: it ends in a revocation and its erasure, which
waits at first, since the centre has no regions to draw a blurred place in. One after the other.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from browser_map import bring_invented_map
from browser_windows import HEIGHT, LOCALES
from browser_world import registration_file
from playwright.sync_api import Browser, Page, expect

from couch.client import Database
from couch.clock import Clock
from couch.documents import Erasure, Report
from couch.names import REGISTRY, household_database
from couch.transmission_note import read_note
from provisioning.demo.centre import SERVING, DemoCentre
from provisioning.demo.device import DemoDevice
from provisioning.demo.households import ADA
from provisioning.demo.processes import run_once
from provisioning.demo.waiting import ids, wait_until

EPOCH = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
SPEED = 60.0  # a slot in fifteen seconds
_PHONE = 390
_WITHIN_S = 120  # on a machine that is at other things, too
_MISTAKE = "Unsere Anlage hat 9,8 kW, nicht 8.\nUnd wir haben jetzt eine Wärmepumpe."


@dataclass
class Home:
    centre: DemoCentre
    device: DemoDevice
    clock: Clock
    environ: dict[str, str]

    def today(self) -> date:
        """The day on the device's clocks."""
        return self.clock.now().astimezone(ZoneInfo("Europe/Berlin")).date()

    @property
    def central(self) -> Database:
        """The household's database at the centre."""
        return self.centre.administrator().database(household_database(self.device.household))

    def arrives(self, prefix: str) -> set[str]:
        """What begins so, once it is at the centre and the device has noted that."""
        replica = self.device.replica()
        wait_until(self.central, lambda: bool(ids(self.central, prefix)), prefix, within_s=_WITHIN_S)
        found = ids(self.central, prefix)
        # each transmission ends with a heartbeat, which the centre's feed tells
        wait_until(
            self.central,
            lambda: not replica.changed_since(read_note(replica).decided, sorted(found)),
            f"the device's knowing that {prefix} arrived",
            within_s=_WITHIN_S,
        )
        return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A household that was registered and whose device was just plugged in."""
    folder = tmp_path_factory.mktemp("participant")
    clock = Clock(epoch=EPOCH.timestamp(), wall0=time.time(), speed=SPEED)
    environ = {"SURVEY_CLOCK": f"{clock.epoch!r},{clock.wall0!r},{clock.speed!r}"}
    centre = DemoCentre(folder / "centre", environ)
    try:
        centre.start()
        made = centre.add_household(registration_file(folder, ADA))
        (new,) = made.devices
        device = DemoDevice(Path(new.bundle), centre, environ, device=new.device, household=made.household)
        try:
            device.start()
            replica = device.replica()
            wait_until(
                replica, lambda: bool(ids(replica, "pv_system:")), "the registration", within_s=_WITHIN_S
            )
            yield Home(centre, device, clock, environ)
        finally:
            device.stop()
    finally:
        centre.stop()


@pytest.fixture(scope="module")
def phone(browser: Browser, home: Home) -> Iterator[Page]:
    """A phone in German at the device's page, its household code typed in."""
    context = browser.new_context(viewport={"width": _PHONE, "height": HEIGHT}, locale=LOCALES["de"])
    page = context.new_page()
    page.goto(home.device.page_url)
    page.get_by_label("Haushaltscode").fill(home.device.code.lower())
    page.get_by_role("button", name="Öffnen").click()
    page.wait_for_url("**/overview")
    yield page
    context.close()


def opened(page: Page, section: str) -> Page:
    page.get_by_role("navigation", name="Seiten").get_by_role("link", name=section).click()
    return page


def test_consent_is_granted_without_a_network_and_reaches_the_centre_with_it(home: Home, phone: Page) -> None:
    home.device.link.cut()
    expect(phone.get_by_role("heading", name="Das Messgerät wartet auf Ihre Einwilligung")).to_be_visible()
    phone.get_by_role("link", name="Einwilligung erteilen …").click()
    expect(phone.get_by_text("alle 15 Minuten Ihre Strom- und Erzeugungszähler")).to_be_visible()
    phone.get_by_role("checkbox").check()
    phone.get_by_role("button", name="Einwilligung erteilen").click()
    expect(phone.get_by_role("heading", name="Ihre Einwilligung ist: erteilt")).to_be_visible()
    expect(phone.get_by_text("noch nicht: Sie wird gesendet")).to_be_visible()
    assert ids(home.central, "consent:") == set()

    home.device.link.restore()
    assert home.arrives("consent:") == {"consent:granted"}
    phone.reload()
    expect(phone.get_by_text("ja, sie liegt dort vor")).to_be_visible()
    phone.get_by_role("link", name="Bestätigung der Einwilligung").click()
    expect(phone.get_by_text(home.device.household)).to_be_visible()
    with phone.expect_download() as saved:
        phone.get_by_role("link", name="Als Textdatei speichern").click()
    assert "consent:granted" in saved.value.path().read_text(encoding="utf-8")


def test_measuring_begins_and_the_overview_says_so(home: Home, phone: Page) -> None:
    wait_until(
        home.central, lambda: bool(ids(home.central, "measurement:")), "a measurement", within_s=_WITHIN_S
    )
    opened(phone, "Übersicht")
    expect(phone.get_by_text("in der Forschungszentrale angekommen")).to_be_visible()
    expect(phone.get_by_text("Die Zähler wurden")).to_be_visible()


def test_the_registration_is_seen_whole_and_a_mistake_is_reported_offline(home: Home, phone: Page) -> None:
    opened(phone, "Registrierung")
    for words in (
        "Ada Example",
        "24103 Kiel",
        "54,3233° Nord",
        "Gerät cellar",
        "Photovoltaikanlage mit 8,00 kW",
    ):
        expect(phone.get_by_text(words).first).to_be_visible()
    home.device.link.cut()
    phone.get_by_role("link", name="Einen Fehler melden").click()
    phone.get_by_label("Was ist falsch").fill(_MISTAKE)
    phone.get_by_role("button", name="Meldung absenden").click()
    expect(phone.get_by_text("wartet auf eine Verbindung")).to_be_visible()
    phone.reload()  # which does not send the form again
    expect(phone.get_by_text("wartet auf eine Verbindung")).to_have_count(1)

    home.device.link.restore()
    (report,) = home.arrives("report:")
    assert Report.from_json(home.central.get(report)).text == _MISTAKE
    phone.reload()
    expect(phone.get_by_text("gesendet", exact=True)).to_be_visible()


def test_what_is_measured_is_explained_and_a_copy_can_be_taken_along(home: Home, phone: Page) -> None:
    opened(phone, "Ihre Daten")
    expect(phone.get_by_role("heading", name="Was gemessen wird und warum")).to_be_visible()
    phone.get_by_role("link", name="Eine Kopie Ihrer Daten").click()
    before = home.today()
    with phone.expect_download() as saved:
        phone.get_by_role("link", name="Kopie speichern").click()
    names = {f"household-energy-{day}.zip" for day in (before, home.today())}
    assert saved.value.suggested_filename in names


def test_consent_is_revoked_without_a_network_and_nothing_is_measured_from_then_on(
    home: Home, phone: Page
) -> None:
    replica = home.device.replica()
    measured = replica.get(max(ids(replica, "measurement:")))
    home.device.link.cut()
    opened(phone, "Einwilligung")
    phone.get_by_role("link", name="Einwilligung widerrufen …").click()
    expect(phone.get_by_text("Das ist endgültig")).to_be_visible()
    phone.get_by_role("checkbox").check()
    phone.get_by_role("button", name="Einwilligung widerrufen").click()
    expect(phone.get_by_role("heading", name="Ihre Einwilligung ist: widerrufen")).to_be_visible()
    expect(phone.get_by_text("noch nicht: Sie wird gesendet")).to_be_visible()
    expect(phone.get_by_role("link", name="Einwilligung erteilen …")).to_have_count(0)

    home.device.link.restore()
    assert home.arrives("consent:revoked")
    later = {
        **{key: value for key, value in measured.items() if key != "_rev"},
        "slot": "2026-06-16T00:00:00Z",
    }
    (refused,) = replica.bulk([{**later, "_id": f"measurement:{later['meter']}:{later['slot']}"}])
    assert refused.error == "forbidden"
    phone.reload()
    expect(phone.get_by_text("ja, sie liegt dort vor")).to_have_count(2)
    opened(phone, "Übersicht")
    expect(phone.get_by_role("heading", name="Das Messgerät misst nicht mehr")).to_be_visible()


def test_the_page_can_be_installed_and_says_honestly_that_it_cannot_be_reached(
    browser: Browser, home: Home, axe_source: str
) -> None:
    context = browser.new_context(viewport={"width": _PHONE, "height": HEIGHT}, locale=LOCALES["de"])
    page = context.new_page()
    page.goto(home.device.page_url)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    network = context.new_cdp_session(page)
    against = {one["errorId"] for one in network.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert against <= {"in-incognito"}  # as windows of tests are
    manifest = network.send("Page.getAppManifest")
    assert (manifest["errors"], json.loads(manifest["data"])["lang"]) == ([], "de")
    page.get_by_label("Haushaltscode").fill(home.device.code)
    page.get_by_role("button", name="Öffnen").click()
    page.wait_for_url("**/overview")
    page.goto(f"{home.device.page_url}/registration")
    kept: list[str] = page.evaluate(
        """async () => {
          const names = await caches.keys();
          const stores = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
          return stores.flat().map((request) => new URL(request.url).pathname);
        }"""
    )
    assert kept
    assert all(path.startswith(("/static/", "/offline/")) for path in kept), kept

    home.device.page.stop()  # for good: it would come back at another port
    page.goto(f"{home.device.page_url}/registration")
    expect(page.get_by_role("heading", level=1)).to_have_text("Das Messgerät ist nicht erreichbar")
    assert "Ada Example" not in page.content()
    page.evaluate(axe_source)
    assert page.evaluate("() => axe.run().then((found) => found.violations.map((one) => one.id))") == []
    context.close()


def test_the_device_erases_itself_and_its_page_says_so_to_everybody(
    home: Home, phone: Page, tmp_path: Path, axe_source: str
) -> None:
    registry = home.centre.administrator().database(REGISTRY)
    parked = f"parked:{home.device.household}:erasure"
    wait_until(registry, lambda: bool(ids(registry, parked)), "the erasure's halt", within_s=_WITHIN_S)
    bring_invented_map(tmp_path, home.centre.config, home.environ)
    run_once(["anonymizer", "retry", "erasure", "--config", str(home.centre.config)], home.environ)
    wait_until(
        registry, lambda: _confirmed(registry, home), "the device's word that it erased", within_s=_WITHIN_S
    )
    home.device.page_url = home.device.page.start(SERVING)
    phone.goto(f"{home.device.page_url}/registration")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Dieses Gerät wurde gelöscht")
    expect(phone.get_by_text("Es ist nichts mehr zu tun")).to_be_visible()
    expect(phone.get_by_text(home.device.household)).to_be_visible()
    assert "Ada Example" not in phone.content()
    phone.evaluate(axe_source)
    assert phone.evaluate("() => axe.run().then((found) => found.violations.map((one) => one.id))") == []


def _confirmed(registry: Database, home: Home) -> bool:
    stored = registry.find(f"erasure:{home.device.household}")
    return stored is not None and any(each.confirmed_at for each in Erasure.from_json(stored).devices)

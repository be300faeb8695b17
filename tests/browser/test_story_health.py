"""FR-09 as a story: an administrator sees that all is well, a household's network goes, and they see which.

A survey of its own: its network is cut, and its limits are short enough to wait for.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from browser_world import registration_file
from playwright.sync_api import Page, expect
from prometheus_client.parser import text_string_to_metric_families

from couch.private_files import write_private
from provisioning.demo.centre import DemoCentre
from provisioning.demo.device import DemoDevice
from provisioning.demo.households import ADA, BEN

SPEED = 120.0  # a slot in 7.5 seconds
LIMITS = {"SILENT_H": "0.5", "LONG_SILENT_H": "1", "NEVER_REPORTED_H": "24"}  # half an hour: 15 s
WITHIN_S = 90.0


@dataclass
class Survey:
    """A centre with a device that runs, and one that nobody has switched on."""

    centre: DemoCentre
    device: DemoDevice
    token: str

    def metrics(self) -> dict[tuple[str, str], float]:
        answer = requests.get(
            f"{self.centre.pages_url}/metrics",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
        )
        answer.raise_for_status()
        return {
            (sample.name, ",".join(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }


@pytest.fixture(scope="module")
def survey(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survey]:
    folder = tmp_path_factory.mktemp("health")
    token = secrets.token_urlsafe(24)
    write_private(folder / "metrics.token", token + "\n")
    epoch = datetime(2026, 6, 15, 9, tzinfo=UTC).timestamp()
    environ = {
        "SURVEY_CLOCK": f"{epoch!r},{time.time()!r},{SPEED!r}",
        "SURVEY_CENTRE_WEB_METRICS_TOKEN_FILE": str(folder / "metrics.token"),
        **{f"SURVEY_CENTRE_WEB_HEALTH__{name}": value for name, value in LIMITS.items()},
    }
    centre = DemoCentre(folder / "centre", environ)
    try:
        centre.start()
        made = [centre.add_household(registration_file(folder, name)) for name in (ADA, BEN)]
        new = made[0].devices[0]
        device = DemoDevice(Path(new.bundle), centre, environ, device=new.device, household=made[0].household)
        try:
            device.start()
            yield Survey(centre, device, token)
        finally:
            device.stop()
    finally:
        centre.stop()


@pytest.fixture
def administrator(survey: Survey, open_page: Callable[..., Page]) -> Page:
    """Signed in; their first page is the one about health."""
    name = f"adam-{secrets.token_hex(3)}"
    password = survey.centre.add_account(name, "administrator")
    page = open_page(f"{survey.centre.pages_url}/sign-in")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.locator("main form button").first.click()
    page.wait_for_url("**/health")
    return page


def becomes(page: Page, words: str) -> None:
    """Reload until the page says it."""
    ends = time.monotonic() + WITHIN_S
    while words not in page.locator("main").inner_text():
        assert time.monotonic() < ends, page.locator("main").inner_text()
        page.wait_for_timeout(500)
        page.reload()


def test_a_device_whose_network_is_cut_is_named_and_comes_back(survey: Survey, administrator: Page) -> None:
    page = administrator
    becomes(page, "1 device is well.")
    expect(page.locator(".verdict")).to_contain_text("All is well.")
    page.get_by_role("link", name="first report awaited").click()
    expect(page.locator("table.health tbody tr")).to_have_count(1)  # the one that nobody switched on
    assert survey.metrics()["survey_devices", "awaited"] == 1

    survey.device.link.cut()
    page.goto(f"{survey.centre.pages_url}/health")
    becomes(page, "silent for")
    row = page.locator("table.health tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("the network of the household")
    expect(page.locator(".verdict")).to_contain_text(re.compile("1 device needs somebody (soon|now)"))
    found = survey.metrics()
    assert found["survey_devices", "troubled"] == 1
    assert found["survey_database_up", ""] == 1

    row.get_by_role("link").click()
    page.wait_for_url(f"**/health/devices/{survey.device.device}")
    main = page.locator("main")
    expect(main).to_contain_text("What the centre sees beside what the device says of itself")
    expect(main).to_contain_text("Checkpoints of the replications")
    for label in ("Certificate ends", "Free on its disk"):
        expect(page.get_by_role("row", name=label)).not_to_contain_text("not known")

    survey.device.link.restore()
    page.goto(f"{survey.centre.pages_url}/health")
    becomes(page, "All is well.")


def test_the_worker_is_seen_to_be_gone_and_back(survey: Survey, administrator: Page) -> None:
    page = administrator
    survey.centre.worker.stop()
    becomes(page, "No worker is running")
    page.get_by_role("link", name="See the centre").first.click()
    expect(page.locator("main")).to_contain_text("survey anonymizer run")
    survey.centre.worker.start("following")
    becomes(page, "The centre does its work.")


def test_somebody_is_invited_and_signs_in(
    survey: Survey, administrator: Page, open_page: Callable[..., Page]
) -> None:
    page = administrator
    page.get_by_role("link", name="Accounts", exact=True).click()
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_role("button", name="Invite").click()  # the browser asks for what is missing
    page.get_by_label("Name of the account").fill("ida")
    page.get_by_label("analyst").check()
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("Link").input_value()

    hers = open_page(link)
    password = secrets.token_urlsafe(12)
    hers.fill("input[name=new]", password)
    hers.fill("input[name=again]", password)
    hers.locator("main form button").click()
    hers.fill("input[name=name]", "ida")
    hers.fill("input[name=password]", password)
    hers.locator("main form button").first.click()
    hers.wait_for_url("**/export")
    assert hers.goto(f"{survey.centre.pages_url}/health").status == 403  # type: ignore[union-attr]

    page.get_by_role("link", name="All accounts").click()
    page.get_by_role("link", name="ida").click()
    page.get_by_role("button", name="Lock the account").click()
    expect(page.locator("main")).to_contain_text("Changed")
    hers.goto(f"{survey.centre.pages_url}/export")
    expect(hers).to_have_url(re.compile("/sign-in"))

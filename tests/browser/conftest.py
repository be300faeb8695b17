"""A real browser (Debian's Chromium, driven by Playwright) at the pages of a survey in real processes.

One browser and one world serve all tests; each test has windows of its own. Every window is watched: a fault
of a script, a request to another host or something that the content security policy refused fails its test.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from browser_windows import HEIGHT, LOCALES, watch
from browser_world import PARTICIPANT, World, start_world
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium")
expect.set_options(timeout=30_000)  # as Playwright's actions have: its 5 s are short on a busy machine


def pytest_itemcollected(item: pytest.Item) -> None:
    """All of them take long and need a Debian package; `tests/xdist_scheduling.py` keeps them together."""
    if item.path.is_relative_to(HERE):
        for mark in (pytest.mark.slow, pytest.mark.debian):
            item.add_marker(mark)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("needs the Debian package chromium")
    with sync_playwright() as playwright:
        # as root, as in a container, Chromium cannot make its sandbox
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core, to be added to a page."""
    file = HERE / "node_modules" / "axe-core" / "axe.min.js"
    if not file.exists():
        pytest.skip("axe-core is not installed: npm ci --prefix tests/browser")
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The survey that all tests look at; whoever changes it for good builds a World of its own."""
    made = start_world(tmp_path_factory.mktemp("browser-world"))
    yield made
    made.stop()


@pytest.fixture
def centre_world(world: World) -> World:
    return world


@pytest.fixture
def device_world(world: World) -> World:
    return world


@pytest.fixture(scope="session")
def session_of(browser: Browser, world: World) -> Callable[[str], Any]:
    """The cookies of a person in a role, who signs in once through the form."""
    known: dict[str, Any] = {}

    def find(role: str) -> Any:
        if role not in known:
            context = browser.new_context(locale="en-GB")
            page = context.new_page()
            page.goto(f"{site_of(world, role)}/sign-in")
            for name, value in world.secret_of(role).items():
                page.fill(f"input[name={name}]", value)
            page.locator("main form button").first.click()
            page.wait_for_url(lambda url: "/sign-in" not in url)
            known[role] = context.storage_state()
            context.close()
        return known[role]

    return find


def site_of(world: World, role: str) -> str:
    """Where people in that role sign in."""
    return world.device_url if role == PARTICIPANT else world.centre_url


@pytest.fixture
def open_page(browser: Browser, session_of: Callable[[str], Any]) -> Iterator[Callable[..., Page]]:
    """`open_page(url, width=390, language="de", dark=True, script=False, role="researcher")`: a window.

    `url` None: an empty window. `role` None: a stranger. What else a Playwright context takes goes on to it.
    """
    watched: list[tuple[BrowserContext, list[str]]] = []

    def open_(
        url: str | None,
        *,
        width: int = 1280,
        language: str = "en",
        dark: bool = False,
        script: bool = True,
        role: str | None = None,
        **more: Any,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHT},
            locale=LOCALES[language],
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            storage_state=session_of(role) if role else None,
            **more,
        )
        faults: list[str] = []
        watched.append((context, faults))
        context.on("page", lambda page: watch(page, faults))
        page = context.new_page()
        if url is not None:
            page.goto(url)
        return page

    yield open_
    for context, _faults in watched:
        context.close()
    assert [fault for _context, faults in watched for fault in faults] == []


@pytest.fixture
def signed_in(open_page: Callable[..., Page], world: World) -> Callable[..., Page]:
    """`signed_in("researcher", "/households", width=390)`: that person at that page of their site."""

    def open_(role: str, path: str = "/", **more: Any) -> Page:
        return open_page(site_of(world, role) + path, role=role, **more)

    return open_

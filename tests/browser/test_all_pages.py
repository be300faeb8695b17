"""Every page of both sites: for everybody, on every screen, in both languages and themes, and light to load.

SURVEY_SCREENSHOTS names a folder for pictures of all of it; without it none are taken, which is quicker.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_pages import CENTRE, DEVICE, LOOKS, Look
from browser_windows import HEIGHT, LOCALES, watch
from browser_world import World
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

WIDTHS = (1280, 390)
NARROWEST = 320
LARGEST_BYTES = 150_000
_MOST_PARTS = 8  # of one control that take the focus one after the other
THEMES = ("light", "dark")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE = f"() => axe.run(document, {{runOnly: {_RULES!r}, resultTypes: ['violations']}})"
_FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
_OVERFLOWING = """() => {
  const right = (e) => e.getBoundingClientRect().right;
  return [...document.querySelectorAll('main *, header *')].filter(e => right(e) > innerWidth + 1)
    .slice(0, 3).map(e => e.outerHTML.slice(0, 120));
}"""
_SEND = "(form) => Object.assign(document.querySelector(form), {noValidate: true}).requestSubmit()"
# What can be reached with the Tab key: controls that are seen, of radio buttons one a group; not those that
# only the Enter key needs.
_CONTROLS = """() => {
  const all = document.querySelectorAll(
    'a[href], button:not(:disabled), input:not([type=hidden]):not(:disabled), select:not(:disabled), ' +
    'textarea:not(:disabled), summary, [tabindex="0"]');
  const seen = [...all].filter(e => e.checkVisibility({visibilityProperty: true}));
  window.controls = seen.filter(e => e.tabIndex >= 0).filter(e => {
    if (e.type !== 'radio') return true;
    const group = [...e.ownerDocument.getElementsByName(e.name)].filter(one => one.form === e.form);
    return e === (group.find(one => one.checked) ?? group[0]);
  });
  return window.controls.length;
}"""
_LEFT_OUT = "() => window.controls.filter(e => !window.reached.has(e)).map(e => e.outerHTML.slice(0, 120))"
_BEGIN = """() => {
  const first = document.querySelector('.skip');
  first.focus();
  window.reached = new Set([first]);
}"""
_FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const same = window.last === e;  // a field for a date has parts
  const again = window.reached.has(e) && !same;
  window.reached.add(e);
  window.last = e;
  const style = getComputedStyle(e);
  const shown = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return {again, same, shown, what: e.outerHTML.slice(0, 120)};
}"""


class Window:
    """One person's window in one language, used for one page after the other."""

    def __init__(self, browser: Browser, cookies: Any, language: str) -> None:
        self.language = language
        self.context = browser.new_context(
            viewport={"width": WIDTHS[0], "height": HEIGHT},
            locale=LOCALES[language],
            storage_state=cookies,
            service_workers="block",  # what one of them fetches would weigh nothing
        )
        self.page = self.context.new_page()
        self.faults: list[str] = []
        watch(self.page, self.faults)
        self.network = self.context.new_cdp_session(self.page)
        self.network.send("Network.enable")
        self.network.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self.bytes = 0
        self.network.on("Network.loadingFinished", self._add)

    def _add(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])

    def show(self, look: Look, world: World) -> None:
        """Open a page anew, wide and light."""
        self.faults.clear()
        self.bytes = 0
        self.page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        self.page.emulate_media(color_scheme="light")
        answer = self.page.goto(look.url(world, self.language), wait_until="load")
        assert answer is not None
        assert answer.status == look.status
        if look.send:
            self.bytes = 0
            with self.page.expect_navigation():
                self.page.evaluate(_SEND, look.send)


@pytest.fixture(scope="module")
def windows(browser: Browser, session_of: Callable[[str], Any]) -> Iterator[Callable[..., Window]]:
    """`windows("researcher", "de")`: that person's window."""
    known: dict[tuple[str | None, str], Window] = {}

    def find(role: str | None, language: str) -> Window:
        if (role, language) not in known:
            known[role, language] = Window(browser, session_of(role) if role else None, language)
        return known[role, language]

    yield find
    for window in known.values():
        window.context.close()


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """The folder for pictures; None: nobody wants any."""
    given = os.environ.get("SURVEY_SCREENSHOTS")
    if not given:
        return None
    Path(given).mkdir(parents=True, exist_ok=True)
    return Path(given)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_a_page_is_for_everybody_on_every_screen_and_light_to_load(
    look: Look, windows: Callable[..., Window], world: World, axe_source: str, pictures: Path | None
) -> None:
    found: list[str] = []
    for language in LOCALES:
        window = windows(look.role, language)
        window.show(look, world)
        page = window.page
        assert page.locator("html").get_attribute("lang") == language
        page.evaluate(axe_source)
        faults = _in_all_themes(page, pictures and pictures / f"{look.name}-{{}}-{language}-{{}}.png")
        if language == "en":
            faults += _by_keys(page)
            if not 0 < window.bytes < LARGEST_BYTES:
                faults.append(f"{window.bytes} bytes")
            if pictures:
                with (pictures / "page-sizes.tsv").open("a", encoding="utf-8") as sizes:
                    sizes.write(f"{look.name}\t{window.bytes}\n")
        found += [f"{language}: {fault}" for fault in faults + window.faults]
    assert found == []


def _in_all_themes(page: Page, picture: Path | None) -> list[str]:
    """What is wrong with a page on a large and on a small screen, in light and dark; pictures on the way."""
    found: list[str] = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            if width == WIDTHS[0] or theme == "light":
                found += [f"{theme} {width} {fault}" for fault in _axe_findings(page)]
            if picture is not None:
                page.screenshot(path=str(picture).format(width, theme), full_page=True)
    page.set_viewport_size({"width": NARROWEST, "height": HEIGHT})
    try:
        page.wait_for_function(_FITS)  # charts follow the width a moment later
    except NotInTime:
        found.append(f"wider than {NARROWEST} px: {page.evaluate(_OVERFLOWING)}")
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    return found


def _by_keys(page: Page) -> list[str]:
    """Which controls the Tab key does not reach, and where the focus is not seen."""
    wanted = page.evaluate(_CONTROLS)
    page.evaluate(_BEGIN)  # the link that skips to the content comes first, wherever the focus was
    found = []
    for _ in range(wanted * _MOST_PARTS + 1):
        page.keyboard.press("Tab")
        at = page.evaluate(_FOCUSED)
        if at is None or at["again"]:
            break
        if not at["shown"] and not at["same"]:  # the browser shows the focus of a control's parts itself
            found.append(f"the focus is not seen: {at['what']}")
    return found + [f"no key reaches {what}" for what in page.evaluate(_LEFT_OUT)]


@pytest.mark.parametrize("look", [DEVICE[2], CENTRE[0]], ids=lambda look: look.site)
def test_the_first_key_press_offers_to_skip_to_the_content(
    look: Look, windows: Callable[..., Window], world: World
) -> None:
    page = windows(look.role, "en").page
    page.goto(look.url(world))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()  # which the browser does a moment later


def _axe_findings(page: Page) -> list[str]:
    """What axe-core finds, each with the first place of it."""
    said = []
    for one in page.evaluate(_AXE)["violations"]:
        first = one["nodes"][0]
        said.append(f"{one['id']} ({len(one['nodes'])}): {first['html'][:160]} {first['failureSummary']}")
    return said

"""What all pages share: language, theme, charts, paper, and what works without a script."""

from collections.abc import Callable

import pytest
from browser_world import GAP_DAY, World
from playwright.sync_api import Page, expect

Opens = Callable[..., Page]
# The colours of which a chart holds more than a few points.
_PAINTED = """() => {
  const drawn = document.querySelector('.canvas canvas');
  const {data} = drawn.getContext('2d').getImageData(0, 0, drawn.width, drawn.height);
  const colours = new Map();
  for (let n = 0; n < data.length; n += 4) {
    if (data[n + 3] !== 255) continue;
    const colour = `${data[n]}, ${data[n + 1]}, ${data[n + 2]}`;
    colours.set(colour, (colours.get(colour) ?? 0) + 1);
  }
  return [...colours].filter(([_colour, count]) => count > 20).map(([colour]) => colour);
}"""
_TONES = (
    "[...document.querySelectorAll('.swatch')].map(e => getComputedStyle(e).backgroundColor.slice(4, -1))"
)
_HOLDS_ALL = f"(tones) => {{ const painted = ({_PAINTED})(); return tones.every(t => painted.includes(t)); }}"


def test_a_reader_who_cannot_use_a_mouse_signs_in_and_changes_the_language(
    open_page: Opens, world: World
) -> None:
    page = open_page(f"{world.centre_url}/sign-in")
    given = world.secret_of("analyst")
    page.focus("#name")
    page.keyboard.type(given["name"])
    page.keyboard.press("Tab")
    page.keyboard.type(given["password"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/export**")
    page.get_by_role("button", name="Deutsch").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.documentElement.lang === 'de'")
    assert "/export" in page.url
    page.reload()
    assert page.locator("html").get_attribute("lang") == "de"


def test_the_language_is_chosen_without_a_script(open_page: Opens, world: World) -> None:
    page = open_page(f"{world.device_url}/sign-in", language="de", script=False)
    assert page.locator("html").get_attribute("lang") == "de"
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_wrong_password_is_said_beside_the_fields_and_the_name_is_kept(
    open_page: Opens, world: World
) -> None:
    page = open_page(f"{world.centre_url}/sign-in")
    page.fill("#name", "nobody.here")
    page.fill("#password", "something else")
    page.keyboard.press("Enter")
    fault = page.get_by_role("alert")
    assert "wrong" in fault.inner_text()
    field = page.locator("#password")
    assert fault.get_attribute("id") in (field.get_attribute("aria-describedby") or "").split()
    assert page.input_value("#name") == "nobody.here"
    assert field.input_value() == ""


@pytest.mark.parametrize("site", ["centre", "device"])
def test_paper_shows_the_content_alone_on_white(site: str, open_page: Opens, world: World) -> None:
    page = open_page(f"{world.centre_url if site == 'centre' else world.device_url}/sign-in", dark=True)
    page.emulate_media(media="print")
    assert not page.locator("header form").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 36, 34)"


@pytest.fixture
def day() -> str:
    """The path of a day that was measured before the world began, but for its morning."""
    return f"/measurements/day/{GAP_DAY}"


def test_a_chart_is_walked_through_by_keys_in_the_readers_language(signed_in: Opens, day: str) -> None:
    page = signed_in("participant", day, language="de")
    chart = page.get_by_role("group", name="Pfeiltasten")
    chart.focus()
    chart.press("End")
    said = page.locator(".legend").first.inner_text()
    assert "23:45" in said
    assert " W" in said
    chart.press("ArrowLeft")
    assert "23:30" in page.locator(".legend").first.inner_text()


def test_a_chart_takes_the_colours_of_the_theme(signed_in: Opens, day: str) -> None:
    page = signed_in("participant", day)
    page.locator(".canvas canvas").first.wait_for()
    light = page.evaluate(_TONES)
    page.wait_for_function(_HOLDS_ALL, arg=light)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(_TONES)
    page.wait_for_function(_HOLDS_ALL, arg=dark)
    assert not set(light) & set(dark)


def test_without_a_script_the_values_of_a_chart_stand_in_words_and_in_a_table(
    signed_in: Opens, day: str
) -> None:
    page = signed_in("participant", day, script=False)
    assert not page.locator(".canvas").first.is_visible()
    assert "highest" in page.locator("figure .hint").first.inner_text()
    page.locator("figure summary").first.click()
    assert page.locator("figure table tbody tr").count() == 96

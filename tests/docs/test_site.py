"""The documentation as one site: it builds offline, no link leads nowhere, nothing comes from elsewhere."""

import logging
import re
import sys
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

# pytest's importlib mode finds no neighbours by itself
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))
from browser_pages import LOOKS
from documentation_pages import pages

ROOT = Path(__file__).parents[2]

# Attributes that make a browser load something; a link to another place is only followed by a person.
_LOADS = {("script", "src"), ("img", "src"), ("link", "href"), ("source", "src"), ("iframe", "src")}


class Found(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "img":
            self.images.append(given)
        for name, value in attrs:
            if value and (tag, name) in _LOADS:
                self.loads.append(value)
            elif value and tag == "a" and name == "href":
                self.links.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """The pages of the built site by their path. A warning of the build is a failure."""
    folder = tmp_path_factory.mktemp("site")
    warnings: list[str] = []
    watching = logging.Handler(logging.WARNING)
    watching.emit = lambda record: warnings.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("mkdocs").addHandler(watching)
    try:
        build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder)))
    finally:
        logging.getLogger("mkdocs").removeHandler(watching)
    assert warnings == []
    return {
        str(file.relative_to(folder)): Found(file.read_text(encoding="utf-8"))
        for file in folder.rglob("*.html")
    } | {"": Found("".join(f'<a id="{path.relative_to(folder)}">' for path in folder.rglob("*")))}


def test_nothing_is_loaded_from_another_host(site: dict[str, Found]) -> None:
    away = {
        (name, address)
        for name, page in site.items()
        for address in page.loads
        if urlsplit(address).scheme or urlsplit(address).netloc
    }
    assert away == set()


def test_every_link_and_picture_leads_somewhere(site: dict[str, Found]) -> None:
    files = site[""].ids
    broken = []
    for name, page in site.items():
        for address in [*page.links, *page.loads]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or name == "404.html":
                continue
            path = unquote(parts.path)
            target = (
                str((Path("/") / name).parent.joinpath(path).resolve().relative_to("/")) if path else name
            )
            missing = target not in files | {"."}
            lost = bool(parts.fragment) and target in site and parts.fragment not in site[target].ids
            if missing or (lost and parts.fragment):
                broken.append((name, address))
    assert broken == []


def test_every_picture_says_what_it_shows(site: dict[str, Found]) -> None:
    dumb = [(name, image) for name, page in site.items() for image in page.images if not image.get("alt")]
    assert dumb == []


def test_every_picture_is_one_that_the_browser_tests_take() -> None:
    looks = {look.name for look in LOOKS}
    for page in pages():
        for name in page.pictures():
            look, width, language, theme = name.removesuffix(".png").rsplit("-", 3)
            assert look in looks, name
            assert (width, language, theme) in product(("390", "1280"), ("en", "de"), ("light", "dark")), name
            assert (ROOT / "docs" / "images" / name).stat().st_size < 200_000, name


def test_every_page_can_be_reached_from_the_first(site: dict[str, Found]) -> None:
    seen, waiting = {"index.html"}, ["index.html"]
    while waiting:
        name = waiting.pop()
        for address in site[name].links:
            parts = urlsplit(address)
            if not parts.scheme and not parts.netloc and parts.path:
                target = str(
                    (Path("/") / name).parent.joinpath(unquote(parts.path)).resolve().relative_to("/")
                )
                if target in site and target not in seen:
                    seen.add(target)
                    waiting.append(target)
    assert set(site) - seen - {"", "404.html", "search.html"} == set()


def test_the_data_dictionary_names_every_type_once(site: dict[str, Found]) -> None:
    types = [path.stem for path in (ROOT / "docs" / "schemas").glob("*.json")]
    assert {kind for kind in types if kind not in site["data-dictionary.html"].ids} == set()


def test_the_glossary_is_in_order_and_complete() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", text, re.MULTILINE)[1:]
    words = [english.lower() for english, _german, _meaning in rows if english != "---"]
    assert words == sorted(words)
    assert len(words) > 50
    assert all(german.strip() and meaning.strip() for _english, german, meaning in rows)

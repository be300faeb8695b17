"""The description of the API: true, whole, and readable."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from webapp.api import openapi
from webapp.api.endpoints import ROUTES
from webapp.api.problems import PROBLEMS

FILE = Path(__file__).parents[3] / "docs" / "openapi.json"


def test_the_file_in_docs_is_what_the_code_says() -> None:
    assert FILE.read_text(encoding="utf-8") == openapi.text(), "run `python -m webapp.api.openapi`"


def test_the_command_writes_the_file(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    subprocess.run([sys.executable, "-m", "webapp.api.openapi", str(file)], check=True, cwd=FILE.parents[1])
    assert file.read_text(encoding="utf-8") == openapi.text()


def test_anybody_may_read_it(api: Any) -> None:
    answer = api.app.test_client().get("/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.json == openapi.document()


def test_every_endpoint_is_described_with_its_scope_or_roles() -> None:
    described = {
        (method.upper(), path): operation
        for path, methods in openapi.document()["paths"].items()
        for method, operation in methods.items()
    }
    assert list(described) == [(route.method, route.path) for route in ROUTES]
    for route in ROUTES:
        (security,) = described[route.method, route.path]["security"]
        assert security == ({"device": [route.scope]} if route.scope else {"person": list(route.roles)})


def test_every_reference_leads_somewhere() -> None:
    text = openapi.text()
    named = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', text))
    assert named <= openapi.document()["components"]["schemas"].keys()


def test_patterns_are_those_of_json_schema() -> None:
    assert r"\\Z" not in openapi.text()


def test_every_problem_is_one_that_some_endpoint_names_or_that_comes_before_routing() -> None:
    named = {name for route in ROUTES for name in route.all_problems}
    assert PROBLEMS.keys() - named == {"method-not-allowed"}


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(attribute))]


@pytest.fixture
def page(api: Any) -> _Page:
    answer = api.app.test_client().get("/api")
    assert answer.status_code == 200
    return _Page(answer.text)


def test_the_page_needs_no_other_host_and_no_script(page: _Page) -> None:
    assert not [tag for tag, _ in page.tags if tag == "script"]
    assert not page.all("style")
    assert not [url for url in page.all("href") + page.all("src") if "//" in url]


def test_every_link_within_the_page_leads_to_a_place_in_it(page: _Page) -> None:
    places = page.all("id")
    assert len(places) == len(set(places))
    assert {url[1:] for url in page.all("href") if url.startswith("#")} <= set(places)


def test_the_type_of_every_problem_is_a_place_in_the_page(page: _Page) -> None:
    assert {problem.type.removeprefix("/api#") for problem in PROBLEMS.values()} <= set(page.all("id"))


def test_every_endpoint_and_every_field_is_on_the_page(api: Any) -> None:
    text = api.app.test_client().get("/api").text
    for route in ROUTES:
        assert f"{route.method} {route.path}" in text
    for schema in openapi.document()["components"]["schemas"].values():
        for name in schema.get("properties", ()):
            assert f">{name}<" in text


def test_the_document_is_json_for_people_too() -> None:
    assert json.loads(openapi.text()) == openapi.document()

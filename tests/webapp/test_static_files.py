"""Static files are fetched once and for good, and a changed one has another address."""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "webapp" / "static" / "vendor"


def test_an_address_with_the_contents_fingerprint_holds_for_good(device: Any) -> None:
    browser = device.visitor()
    address = re.search(r'href="(/static/survey\.css\?v=[0-9a-f]{12})"', browser.get("/sign-in").text)
    assert address is not None
    assert "immutable" in browser.get(address[1]).headers["Cache-Control"]


def test_one_without_it_is_asked_for_again_and_costs_nothing_then(device: Any) -> None:
    browser = device.visitor()
    first = browser.get("/static/charts.js")
    assert "immutable" not in first.headers["Cache-Control"]
    assert "immutable" not in browser.get("/static/charts.js?v=000000000000").headers["Cache-Control"]
    again = browser.get("/static/charts.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.text) == (304, "")


def test_a_file_by_a_roundabout_way_is_the_same_file(device: Any) -> None:
    for way in ("icons/../survey.css", "nothing/../survey.css", "survey.css/../survey.css"):
        with device.visitor().get(f"/static/{way}?v=000000000000") as answer:
            assert answer.status_code == 200


def test_no_file_outside_the_folder_is_served(device: Any) -> None:
    for name in ("../factory.py", "%2e%2e/factory.py", "nothing.css", "../../setup.cfg"):
        assert device.visitor().get(f"/static/{name}?v=x").status_code == 404


def test_what_is_built_in_is_the_locked_version_with_its_licence() -> None:
    lock = json.loads((ROOT / "browser_parts" / "package-lock.json").read_text(encoding="utf-8"))
    version = lock["packages"]["node_modules/uplot"]["version"]
    for file in (VENDOR / "uplot.js", VENDOR / "uplot.css"):
        head = file.read_text(encoding="utf-8")[:2000]
        assert head.startswith(f"/*! uplot {version}\n"), "run: make static"
        assert "The MIT License" in head


def test_scripts_and_styles_name_no_other_host() -> None:
    for file in (ROOT / "webapp" / "static").rglob("*"):
        if file.suffix in {".js", ".css"}:
            text = file.read_text(encoding="utf-8")
            addresses = re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]{2,}[^\s\"']*", text)
            assert [one for one in addresses if not one.startswith("http://www.w3.org/")] == [], file.name

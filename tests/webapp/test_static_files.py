"""Static files are fetched once and for good, and a changed one has another address."""

import re
from typing import Any


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


def test_no_file_outside_the_folder_is_served(device: Any) -> None:
    for name in ("../factory.py", "%2e%2e/factory.py", "nothing.css", "../../setup.cfg"):
        assert device.visitor().get(f"/static/{name}?v=x").status_code == 404

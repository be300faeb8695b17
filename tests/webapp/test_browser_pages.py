"""No page is forgotten where all of them are looked at in a browser."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

BROWSER = Path(__file__).parents[1] / "browser"


def _pages() -> Any:
    """tests/browser/browser_pages.py, without its neighbours' browser."""
    sys.path.insert(0, str(BROWSER))
    try:
        spec = importlib.util.spec_from_file_location("browser_pages_here", BROWSER / "browser_pages.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(BROWSER))


@pytest.mark.parametrize("site", ["device", "centre"])
def test_every_page_of_a_site_is_looked_at_in_a_browser(site: str, request: pytest.FixtureRequest) -> None:
    pages = _pages()
    app = request.getfixturevalue(site).app
    routes = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    looked_at = {look.endpoint for look in pages.LOOKS if look.site == site} - {"error"}
    assert routes - looked_at - set(pages.NO_PAGES) == set()
    assert looked_at - routes == set()

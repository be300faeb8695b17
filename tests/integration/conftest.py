"""Everything here speaks to a real process: the embedded node, or the CouchDB of SURVEY_COUCHDB_URL."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)

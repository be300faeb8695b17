"""Attempts on both doors: the embedded node's TLS listener, and Debian's nginx with the gateway.

`SURVEY_COUCHDB_URL` (and SURVEY_JWT_KEY) put a real CouchDB behind nginx; else an embedded node stands there.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from security_world import World

COUNTS = pytest.StashKey[Counter[tuple[str, str]]]()
DOORS = [
    pytest.param("listener", id="listener"),
    pytest.param("nginx", id="nginx", marks=pytest.mark.debian),
]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNTS] = Counter()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and "world" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for door in ("listener", "nginx"):
        counts = config.stash[COUNTS]
        if counts[door, "attempts"]:
            terminalreporter.write_line(
                f"{door}: {counts[door, 'attempts']} attempts, {counts[door, 'refused']} refused, "
                f"{counts[door, 'answered']} answered without effect"
            )


@pytest.fixture(scope="session", params=DOORS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A survey in small behind the door of this parameter."""
    given = None
    if "SURVEY_COUCHDB_URL" in os.environ and request.param == "nginx":
        given = (request.getfixturevalue("couch_admin"), request.getfixturevalue("couch_token_key"))
    made = World(request.param, tmp_path_factory.mktemp(request.param) / "world", given)
    yield made
    made.close()


@pytest.fixture
def counted(request: pytest.FixtureRequest, world: World) -> Callable[[str], None]:
    """`counted("refused")` counts an attempt that ended so."""
    counts = request.config.stash[COUNTS]
    counts[world.door, "attempts"] += 1

    def count(end: str) -> None:
        counts[world.door, end] += 1

    return count

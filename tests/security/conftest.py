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

ATTEMPT = "attempt"  # a property of tests, as reports carry it to the summary
DOORS = [
    pytest.param("listener", id="listener"),
    pytest.param("nginx", id="nginx", marks=pytest.mark.debian),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and "world" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many attempts each door had, and how they ended."""
    counts: Counter[tuple[str, str]] = Counter()
    for report in (*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())):
        for name, value in report.user_properties if report.when == "call" else ():
            if name == ATTEMPT:
                counts[tuple(value)] += 1
    for door in sorted({door for door, _ in counts}):
        terminalreporter.write_line(
            f"{door}: {counts[door, 'made']} attempts, {counts[door, 'refused']} refused, "
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

    def count(end: str) -> None:
        request.node.user_properties.append((ATTEMPT, (world.door, end)))

    count("made")
    return count

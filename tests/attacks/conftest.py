"""Attacks on what the rules protect, on the engine under test."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from couch.client import Server
from couch.settings import Account, Endpoint

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from attack_world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def world(
    couch_admin: Endpoint, couch_server: Server, role_account: Callable[..., Account]
) -> Iterator[World]:
    world = World(couch_server, couch_admin.url, role_account)
    yield world
    world.tidy_up()

"""The same doors are open to whom they should be: without this, refusals would prove nothing."""

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/household-<own>/_security", 200),
        ("GET", "/household-<own>", 200),
        ("GET", "/account", 200),
        ("GET", "/household/meter/<meter>/measurement", 200),
    ],
)
def test_a_device_reaches_its_own(world: Any, method: str, target: str, status: int) -> None:
    assert world.ask(method, target).statuses == (status,)

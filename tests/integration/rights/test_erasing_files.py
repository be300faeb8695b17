"""Erasure altogether, looked for in the engine's files, and interrupted at each of its steps."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anonymizer import altogether
from couch.clock import Clock
from couch.errors import Unreachable
from provisioning.rights.erasing import erase_household

CLOCK = Clock()


def test_the_pseudonym_stays_in_the_list_of_withdrawals_alone(
    centre: Any, measured: Any, anonymizing: Any, holding: Any
) -> None:
    pseudonym = centre.pseudonyms.household(measured.uuid).encode()
    before = holding([pseudonym])[pseudonym]
    erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    found = holding([pseudonym, b"withdrawal:" + pseudonym])
    withdrawals = found[b"withdrawal:" + pseudonym]
    assert {name.split(".")[0] for name in withdrawals} == {"research"}
    assert found[pseudonym] == withdrawals
    assert any(name.startswith("research-2025-06") for name in before)


@pytest.mark.parametrize(
    "at", [("purge_readings", 1), ("forget", 1), ("compact_whole", 0), ("compact_whole", 2)]
)
def test_an_interrupted_erasure_is_finished_by_the_next_visit(
    centre: Any, measured: Any, holding: Any, monkeypatch: pytest.MonkeyPatch, at: tuple[str, int]
) -> None:
    step, left = at
    pseudonym = centre.pseudonyms.household(measured.uuid)
    measured.consent("revoked", measured.measurement(8).slot + timedelta(hours=1))
    centre.take(measured)
    connections = centre.connect()
    original: Callable[..., Any] = getattr(altogether, step)

    def breaks(*arguments: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Unreachable("the worker died here")
        left -= 1
        return original(*arguments)

    with connections as opened:
        record = altogether.ask_for_erasure(opened, measured.uuid, CLOCK)
        monkeypatch.setattr(altogether, step, breaks)
        with pytest.raises(Unreachable):
            altogether.erase_altogether(opened, record, pseudonym, CLOCK, lambda: None)
    monkeypatch.setattr(altogether, step, original)
    centre.take(measured)
    found = holding([pseudonym.encode(), f"withdrawal:{pseudonym}".encode()])
    assert found[pseudonym.encode()] == found[f"withdrawal:{pseudonym}".encode()]
    registry = centre.worker.database("registry")
    assert registry.get(f"erasure:{measured.uuid}")["research_erased_at"] is not None
    assert registry.find(f"household:{measured.uuid}") is None

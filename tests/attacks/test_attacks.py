"""Every row of the table of attacks, and what must be true afterwards."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from attack_rows import Attack, rows
from attack_world import Home, World, outcome

from couch.documents import ConsentState

ROWS = rows()
GATES = {
    "not_granted": ConsentState.NOT_GRANTED,
    "granted": ConsentState.GRANTED,
    "revoked": ConsentState.REVOKED,
    "erased": ConsentState.REVOKED,
}


def test_the_table_is_large_and_names_each_row_once() -> None:
    assert len(ROWS) >= 100
    assert len({row.id for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_an_attack(row: Attack, world: World) -> None:
    home = world.home(row.state)
    attempt = row.make(home)
    before = home.snapshot()
    path = attempt.path.removeprefix("/") if attempt.path.startswith("/") else f"{home.name}/{attempt.path}"
    answer = world.ask(row.who, attempt.method, path, attempt.body, **dict(attempt.headers))
    try:
        back = outcome(answer)
        assert back.startswith(row.back), (back, answer.status_code, answer.text[:500])
        if row.afterwards == "nothing changed":
            assert home.snapshot() == before
        consent_is_as_it_was(row.state.split()[-1], home, world)
    except AssertionError:
        world.spoiled(row.state)
        raise
    if row.afterwards != "nothing changed":
        world.spoiled(row.state)


def consent_is_as_it_was(state: str, home: Home, world: World) -> None:
    """The gate stands where it stood, also after the worker took what is stored; and it holds."""
    assert home.after_the_worker() is GATES[state]
    if state == "erased":
        assert home.admin.security()["consent"]["erased"] is True
        assert home.admin.find("registration") is None
    if state in ("revoked", "erased"):
        assert home.stored("consent:revoked")["state"] == "revoked"
    if state != "granted":
        who = "agent" if home.state.startswith("replica") else "device"
        doc = home.measurement(number=77)
        measured = world.ask(who, "POST", f"{home.name}/_bulk_docs", {"docs": [doc]})
        assert outcome(measured).startswith("refused measurement _security.consent")

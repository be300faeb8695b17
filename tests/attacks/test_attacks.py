"""Every row of the table of attacks, and what must be true afterwards."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from attack_rows import Attack, rows
from attack_world import World, outcome

ROWS = rows()


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
        world.consent_is_as_it_was(home)
    except AssertionError:
        world.spoiled(row.state)
        raise
    if row.afterwards != "nothing changed":
        world.spoiled(row.state)

"""The notes of corrections under way: a note goes when no old value is left, and not before."""

import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from provisioning.registering import open_corrections
from provisioning.registering.open_corrections import OpenCorrections

HOUSEHOLD = "5f000000-0000-4000-8000-0000000000aa"
OTHER = "5f000000-0000-4000-8000-0000000000ab"
_SOON_S = 10


class NoServers:
    """In place of the centre's settings."""

    def admin_server(self) -> AbstractContextManager[None]:
        return nullcontext()

    worker_server = admin_server


def test_a_note_stays_while_somebody_writes_what_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()

    def forget(*_: object, **__: object) -> None:
        began.set()
        assert go_on.wait(_SOON_S)

    monkeypatch.setattr(open_corrections, "forget_old_values", forget)
    nothing: Any = NoServers()
    notes = OpenCorrections(tmp_path, nothing, nothing)
    with notes.noted(HOUSEHOLD, ("registration",)):
        pass
    assert began.wait(_SOON_S)
    with notes.noted(HOUSEHOLD, ("location",)):
        go_on.set()
        notes.wait(HOUSEHOLD, _SOON_S)  # what began before has ended
        found = notes.of(HOUSEHOLD)
        assert found is not None
        assert found.documents == ("registration", "location")
    notes.wait(HOUSEHOLD, _SOON_S)
    assert notes.of(HOUSEHOLD) is None


def test_old_values_of_one_household_are_removed_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()
    seen: list[str] = []

    def forget(household: str, *_: object, **__: object) -> None:
        seen.append(household)
        began.set()
        assert go_on.wait(_SOON_S)

    monkeypatch.setattr(open_corrections, "forget_old_values", forget)
    nothing: Any = NoServers()
    notes = OpenCorrections(tmp_path, nothing, nothing)
    notes.start(HOUSEHOLD)
    assert began.wait(_SOON_S)
    notes.start(OTHER)
    notes.wait(OTHER, 0.1)
    assert seen == [HOUSEHOLD]
    go_on.set()
    for household in (HOUSEHOLD, OTHER):
        notes.wait(household, _SOON_S)
    assert seen == [HOUSEHOLD, OTHER]

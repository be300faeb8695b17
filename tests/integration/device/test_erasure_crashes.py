"""An erasure that dies after any of its steps ends, at the next start, as if it had not."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from couch.bootstrap import ensure_database, replica_security, security_erased
from couch.clock import SLOT
from couch.erasure_marker import read_local_marker, read_marker
from couch.errors import AccessDenied, NotFound
from couch.transport import Transport
from edge import erasure, erasure_files

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from erasure_world import (
    confirmed_at_centre,
    erase_at_centre,
    farewell,
    measurement,
    registration,
    with_file,
)

START = datetime(2026, 2, 1, tzinfo=UTC)
UNSENT = 3
_READS = {"_bulk_get", "_revs_diff"}


class PowerFailure(BaseException):
    """The process ends here: nothing may catch it."""


class Steps:
    """Counts what changes something, and fails right after the one that is to be the last."""

    def __init__(self) -> None:
        self.last: int | None = None  # None: never
        self.taken: list[str] = []

    def took(self, what: str) -> None:
        self.taken.append(what)
        if len(self.taken) == self.last:
            raise PowerFailure

    @contextmanager
    def ends_after(self, number: int) -> Iterator[None]:
        self.taken, self.last = [], number
        try:
            yield
        finally:
            self.last = None


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    made = Steps()
    send, write, remove = Transport._send, erasure.write_marker, erasure_files._remove

    def sent(self: Transport, call: Any) -> Any:
        answer = send(self, call)
        if call.method in ("PUT", "POST", "DELETE") and _READS.isdisjoint(call.path):
            made.took(f"{call.method} {'/'.join(call.path)}")
        return answer

    def written(file: Path, marker: Any) -> None:
        write(file, marker)
        made.took(f"write {file.name}")

    def removed(file: Path) -> bool:
        was_there = remove(file)
        made.took(f"remove {file.name}")
        return was_there

    monkeypatch.setattr(Transport, "_send", sent)
    monkeypatch.setattr(erasure, "write_marker", written)
    monkeypatch.setattr(erasure_files, "_remove", removed)
    return made


def anew(site: Any, folder: Path) -> None:
    """A device that holds documents, among them three unsent measurements, of a household that was erased."""
    for file in folder.iterdir():
        file.unlink()
    (folder / "household-code.hash").write_text("a hash")
    (folder / "page-session.key").write_text("a key")
    site.server.delete_database(site.replica.name)
    ensure_database(site.server, site.replica.name, "replica", replica_security())
    site.links.replica(site.settings.local.pull).put(registration())
    site.consent("granted")
    site.gate().look()
    docs = [measurement(site, START + number * SLOT) for number in range(UNSENT)]
    assert all(row.error is None for row in site.agent.bulk(docs))
    erase_at_centre(site)


def check(site: Any, folder: Path) -> None:
    told, marker = confirmed_at_centre(site), read_marker(site.settings.erasure_file)
    assert told is not None
    assert marker is not None
    assert str(told.rev).startswith("1-")
    assert told.unsent_measurements == marker.unsent_measurements == UNSENT
    assert marker.confirmed_at is not None
    assert read_local_marker(site.page) == marker
    assert security_erased(site.replica.security())
    assert [change.id for change in site.replica.changes(include_docs=False).changes] == ["_design/rules"]
    assert [file.name for file in folder.iterdir()] == ["erasure.json"]


def test_whatever_step_is_the_last_the_next_start_finishes(site: Any, tmp_path: Path, steps: Steps) -> None:
    site = with_file(site, tmp_path)
    number = 0
    while True:
        number += 1
        anew(site, tmp_path)
        try:
            with steps.ends_after(number):
                farewell(site).run(threading.Event())
        except PowerFailure:
            died_after = steps.taken[-1]
        else:
            break
        assert read_marker(site.settings.erasure_file) is not None, died_after  # it must not measure
        if number > 1:  # from the second step on the database too refuses, in whatever state it is
            with suppress(AccessDenied, NotFound):
                assert not site.measure(site.aggregator(), 9).stored, died_after
        assert farewell(site).run(threading.Event()), died_after
        check(site, tmp_path)
    check(site, tmp_path)
    assert number > 12, steps.taken

"""Imports under way: what was checked lies in a private file until its rows are registered, one by one.

`<token>.rows.json` holds the rows, with names and addresses, and goes when the last one is done or after a
week; `<token>.results.jsonl` holds a line for each row that was tried, with the researchers' reference and
the household's uuid. A row done twice changes nothing, so an interrupted import simply goes on.
"""

import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from couch.documents import Json
from couch.errors import CouchError, Fault, Refused
from couch.private_files import write_private
from couch.registering import Registered
from webapp.registration.household_table import household_table
from webapp.registration.import_check import GoodRow

_log = logging.getLogger(__name__)
_ROWS, _RESULTS = ".rows.json", ".results.jsonl"
_KEPT = timedelta(days=7)
Create = Callable[[Json], Registered]
Outcome = str  # registered | stood (nothing was missing) | kept (other values stand there) | failed


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """What became of a row. `household` None and `reason` only where it failed."""

    row: int
    reference: str
    outcome: Outcome
    household: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`open`: rows that are not done; `running`: they are being done; `reason`: what stopped it."""

    rows: int
    results: tuple[RowResult, ...]
    open: int
    running: bool
    reason: str = ""


def import_row(reference: str, number: int, table: Json, create: Create) -> RowResult:
    """Register one row. Raises CouchError where no row could be registered now, such as Unreachable."""
    try:
        made = create(table)
    except (Fault, Refused) as err:
        return RowResult(row=number, reference=reference, outcome="failed", reason=str(err))
    outcome = "kept" if made.left else "registered" if made.written else "stood"
    return RowResult(row=number, reference=reference, outcome=outcome, household=made.household)


def namespace_of(folder: Path) -> uuid.UUID:
    """This centre's own namespace of references, made at the first use. Raises Fault."""
    file = folder / "references.uuid"
    write_private(file, f"{uuid.uuid4()}\n", replace=False)
    try:
        return uuid.UUID(file.read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as err:
        raise Fault(f"{file} cannot be read. Restore it from a backup: it tells households apart.") from err


@dataclass(slots=True)
class Imports:
    """The imports of one folder; at most one thread for each."""

    folder: Path
    create: Create
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _running: dict[str, threading.Thread] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._tidy()

    def keep(self, rows: tuple[GoodRow, ...]) -> str:
        """Put checked rows aside; the token under which they are found. Raises Fault."""
        self._tidy()
        token = str(uuid.uuid4())
        body = [
            {"row": row.number, "reference": row.reference, "table": household_table(row.entries, row.draft)}
            for row in rows
        ]
        write_private(self._file(token, _ROWS), json.dumps({"rows": body}, ensure_ascii=False) + "\n")
        return token

    def progress(self, token: str) -> Progress | None:
        """None: there is no such import, or none any more."""
        with self._lock:
            rows, results = self._rows(token), self._results(token)
            if rows is None and not results:
                return None
            done = {result.row for result in results}
            left = 0 if rows is None else sum(row["row"] not in done for row in rows)
            return Progress(
                rows=len(results) if rows is None else len(rows),
                results=tuple(results),
                open=left,
                running=token in self._running,
                reason=self._reasons.get(token, ""),
            )

    def start(self, token: str) -> None:
        """Begin, or go on, unless it runs."""
        with self._lock:
            if token in self._running or self._rows(token) is None:
                return
            self._reasons.pop(token, None)
            thread = threading.Thread(target=self._run, args=(token,), daemon=True)
            self._running[token] = thread
            thread.start()

    def wait(self, token: str, timeout_s: float) -> None:
        """Until it ends; for those who must not go on before."""
        with self._lock:
            thread = self._running.get(token)
        if thread is not None:
            thread.join(timeout_s)

    def _run(self, token: str) -> None:
        reason = ""
        try:
            self._register_all(token)
        except (CouchError, Fault, OSError) as err:
            reason = str(err)
            _log.warning("an import stopped: %s", err)
        except Exception:  # noqa: BLE001 - it is logged whole; nothing may stay "running" for ever
            reason = "an unexpected error; the log of the service says which"
            _log.exception("an import stopped")
        with self._lock:
            del self._running[token]
            if reason:
                self._reasons[token] = reason

    def _register_all(self, token: str) -> None:
        rows = self._rows(token) or []
        done = self._done(token)
        for row in rows:
            if row["row"] in done:
                continue
            result = import_row(row["reference"], row["row"], row["table"], self.create)
            self._note(token, result)
        if self._done(token).issuperset(row["row"] for row in rows):
            self._file(token, _ROWS).unlink(missing_ok=True)

    def _note(self, token: str, result: RowResult) -> None:
        line = json.dumps(asdict(result), ensure_ascii=False) + "\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with (
            self._lock,
            os.fdopen(os.open(self._file(token, _RESULTS), flags, 0o600), "a", encoding="utf-8") as file,
        ):
            file.write(line)

    def _rows(self, token: str) -> list[Mapping[str, Any]] | None:
        try:
            rows: list[Mapping[str, Any]] = json.loads(self._file(token, _ROWS).read_text(encoding="utf-8"))[
                "rows"
            ]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return rows

    def _results(self, token: str) -> list[RowResult]:
        """The last result of each row, in the order of rows."""
        try:
            lines = self._file(token, _RESULTS).read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        found: dict[int, RowResult] = {}
        for line in lines:
            try:
                result = RowResult(**json.loads(line))
            except (ValueError, TypeError):
                continue  # cut off by a crash: the row is done again, which changes nothing
            found[result.row] = result
        return [found[row] for row in sorted(found)]

    def _done(self, token: str) -> set[int]:
        """The rows that need not be tried again."""
        return {result.row for result in self._results(token) if result.outcome != "failed"}

    def _tidy(self) -> None:
        """What nobody finished within a week goes, with the names in it."""
        for suffix in (_ROWS, _RESULTS):
            for file in self.folder.glob(f"*{suffix}"):
                try:
                    if time.time() - file.stat().st_mtime > _KEPT.total_seconds():
                        file.unlink()
                except OSError:
                    continue

    def _file(self, token: str, suffix: str) -> Path:
        return self.folder / f"{token}{suffix}"

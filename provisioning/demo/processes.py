"""Starting and ending the processes of a demo or an end-to-end test, each with its own log file."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from couch.errors import Fault

_READY_WITHIN_S = 120.0  # one that fails says so at once; a busy machine is slow


def survey_command(*arguments: str) -> list[str]:
    """The command line of `survey ...` in this very installation."""
    return [sys.executable, "-m", "survey", *arguments]


def free_port() -> int:
    """A port on loopback that nobody uses now, so that a process can come back to the same address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class Process:
    """One `survey ...` process. Its output goes to `log`; `ready` is the line that it announces itself by.

    Raises Fault from `start` when it ends before that line, with the last lines it wrote.
    """

    def __init__(self, name: str, arguments: Sequence[str], log: Path, environ: Mapping[str, str]) -> None:
        self.name, self.log = name, log
        self._arguments, self._environ = list(arguments), dict(environ)
        self._child: subprocess.Popen[str] | None = None
        self._copier: threading.Thread | None = None

    def start(self, ready: str) -> str:
        """Start it and wait for the line that begins with `ready`; returns the rest of that line."""
        lines: queue.Queue[str | None] = queue.Queue()
        self._child = subprocess.Popen(
            survey_command(*self._arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **self._environ, "PYTHONUNBUFFERED": "1"},
        )
        self._copier = threading.Thread(target=self._copy, args=(self._child, lines), daemon=True)
        self._copier.start()
        deadline = time.monotonic() + _READY_WITHIN_S
        seen: list[str] = []
        while True:
            try:
                line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise Fault(
                    f"{self.name} was not ready within {_READY_WITHIN_S:.0f} s; see {self.log}"
                ) from None
            if line is None:
                raise Fault(f"{self.name} ended at once: {' '.join(seen[-3:])}; see {self.log}")
            seen.append(line.strip())
            if line.startswith(ready):
                return line.removeprefix(ready).strip()

    def _copy(self, child: subprocess.Popen[str], lines: "queue.Queue[str | None]") -> None:
        assert child.stdout is not None  # noqa: S101 - for the type checker: it was opened as a pipe
        with child.stdout, self.log.open("a", encoding="utf-8") as log:
            for line in child.stdout:
                log.write(line)
                log.flush()
                lines.put(line)
        lines.put(None)

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def runs(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def kill(self) -> None:
        """End it as a power failure would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end; after ten seconds, end it."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._child is None:
            return
        if self._child.poll() is None:
            self._child.send_signal(how)
        try:
            self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._copier is not None:
            self._copier.join(timeout=10)


def run_once(arguments: Sequence[str], environ: Mapping[str, str], *, timeout_s: float = 60.0) -> str:
    """Run `survey ...` to its end and return what it printed. Raises Fault when it fails."""
    done = subprocess.run(
        survey_command(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env={**os.environ, **environ},
    )
    if done.returncode:
        raise Fault(f"survey {' '.join(arguments[:2])} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout

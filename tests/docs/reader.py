"""A reader of the documentation: types what stands there into a shell, word for word."""

import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

_WITHIN_S = 120.0


class Reader:
    """One shell, in which everything that was started goes on until `leave`.

    `spoken` replaces what must differ on a machine where the usual ports are in use.
    """

    def __init__(self, folder: Path, environ: dict[str, str], spoken: dict[str, str]) -> None:
        self._spoken = spoken
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._count = 0
        self._shell = subprocess.Popen(
            ["bash"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # so that whatever it starts can be ended together
            env={
                **os.environ,
                **environ,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "PYTHONUNBUFFERED": "1",
            },
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.type("set -euo pipefail")

    def type(self, block: str) -> str:
        """Type a block; what was printed. A command that fails ends the shell: AssertionError."""
        for usual, other in self._spoken.items():
            block = block.replace(usual, other)
        self._count += 1
        mark = f"typed {self._count}"
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{block}\necho '{mark}'\n")
        self._shell.stdin.flush()
        printed: list[str] = []
        while True:
            line = self._lines.get(timeout=_WITHIN_S)
            if line is None:
                raise AssertionError(f"a command failed in:\n{block}\nIt printed:\n{''.join(printed)}")
            if line.strip() == mark:
                return "".join(printed)
            printed.append(line)

    def leave(self) -> None:
        """End the shell and everything that it started."""
        os.killpg(self._shell.pid, signal.SIGTERM)
        self._shell.wait(30)
        self._listener.join(30)
        for stream in (self._shell.stdin, self._shell.stdout):
            assert stream is not None
            stream.close()

    def _listen(self) -> None:
        assert self._shell.stdout is not None
        for line in self._shell.stdout:
            self._lines.put(line)
        self._lines.put(None)

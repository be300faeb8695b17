"""One worker process as the node sees it: started, asked, ended by the wall clock."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from couch.node.js import frames
from couch.node.js.outcome import JsError

_ROOT = Path(__file__).parents[3]  # what `import couch` needs on the path, wherever the node was started
_logger = logging.getLogger(__name__)


class WorkerProcess:
    """A running `couch.node.js.worker`. One request at a time; unusable once `ask` raised JsError."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 - for the type checker: both are pipes
        assert process.stdout is not None  # noqa: S101
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout
        self.usable = True

    @classmethod
    async def start(cls, memory_limit_mb: int) -> "WorkerProcess":
        """Start one. It inherits nothing of the node's environment: no password, no key."""
        environment = {"PYTHONPATH": str(_ROOT), "PATH": os.defpath, "LANG": "C.UTF-8"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "couch.node.js.worker",
            str(memory_limit_mb),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        return cls(process)

    async def ask(self, parts: Sequence[bytes], time_limit_s: float) -> bytes:
        """Send one request and wait for its result (JSON text, see `runtime.js`).

        Raises JsError when it takes longer than `time_limit_s` seconds, or when the worker ended, out of
        memory for example; the process is killed then, and also when the caller is cancelled.
        """
        try:
            async with asyncio.timeout(time_limit_s):
                return await self._exchange(parts)
        except TimeoutError:
            self.kill()
            raise JsError("os_process_error", "OS process timed out.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            self.kill()
            raise JsError("os_process_error", "OS process ended unexpectedly.") from None
        except BaseException:
            self.kill()  # an answer that nobody waits for would be taken for the next one's
            raise

    async def _exchange(self, parts: Sequence[bytes]) -> bytes:
        self._stdin.write(frames.pack(parts))
        await self._stdin.drain()
        (count,) = frames.HEAD.unpack(await self._stdout.readexactly(frames.HEAD.size))
        answer = [await self._part() for _ in range(count)]
        if answer[0] != b"ok":
            raise JsError("os_process_error", f"OS process ended: {answer[1].decode()}.")
        if answer[2]:
            for line in json.loads(answer[2]):
                _logger.debug("design function log: %s", line)
        return answer[1]

    async def _part(self) -> bytes:
        (length,) = frames.HEAD.unpack(await self._stdout.readexactly(frames.HEAD.size))
        return await self._stdout.readexactly(length)

    def kill(self) -> None:
        """End it now, whatever it does."""
        self.usable = False
        if self._process.returncode is None:
            try:
                self._process.kill()
            except ProcessLookupError:
                return  # it ended by itself in between

    async def end(self) -> None:
        """Let it end by closing its input, and wait for that."""
        self.usable = False
        self._stdin.close()
        await self._process.wait()

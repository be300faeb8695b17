"""Design functions for the node: a few worker processes, each call bounded in time and memory.

Processes, because QuickJS's own time limit counts the CPU time of the whole process it runs in (design
section 4); ended by the wall clock. They start at the first use and end after a while without work.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from couch.node.js.outcome import JsError, Rejection
from couch.node.js.process import WorkerProcess
from couch.node.js.texts import elements, pieces, well_formed

__all__ = ["JsEngine", "JsError", "Rejection"]

Json = dict[str, Any]

_BYTES_A_SECOND = (
    500_000  # of documents, which the time limit does not count: a slow Pi manages five times that
)
_encode = msgspec.json.encode


class JsEngine:
    """The pool of workers. Every method may be called at the same time by many; calls queue for a worker.

    `time_limit_s` bounds what the functions take in one call beside the reading of its documents;
    `memory_limit_mb` what they make of them; a worker without work for `idle_limit_s` seconds ends.
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        time_limit_s: float = 5.0,
        memory_limit_mb: int = 64,
        idle_limit_s: float = 300.0,
    ) -> None:
        self._time_limit_s, self._idle_limit_s = time_limit_s, idle_limit_s
        self._memory_limit_mb = memory_limit_mb
        self._places = asyncio.Semaphore(workers)
        self._idle: list[tuple[WorkerProcess, asyncio.TimerHandle]] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Nothing starts yet: workers come with the first call."""
        self._closed = False

    async def close(self) -> None:
        """End the workers that wait, and those at work when they are done."""
        self._closed = True
        for worker, timer in self._idle:
            timer.cancel()
            self._end(worker)
        self._idle.clear()
        if self._ending:
            await asyncio.wait(self._ending)

    async def validate(
        self, designs: Sequence[str], items: str, user_ctx: Json, security: Json
    ) -> list[Rejection | None]:
        """The verdict on each document: the first rejection by any of the designs, None where all allow it.

        `designs` are JSON texts of design documents with `validate_doc_update`; `items` is one JSON text
        `[[newDoc, oldDoc or null], ...]`. A validator that cannot be compiled, or that takes too long,
        rejects every document of the piece it was given. Never raises JsError.
        """
        context = _encode(user_ctx), _encode(security)
        verdicts: list[Rejection | None] | None = None
        for design in designs:
            more: list[Rejection | None] = []
            for piece in pieces(items.encode()):
                more += await self._judge(design, piece, context)
            verdicts = more if verdicts is None else [a or b for a, b in zip(verdicts, more, strict=True)]
        return [None] * len(elements(items.encode())) if verdicts is None else verdicts

    async def _judge(self, design: str, items: bytes, context: tuple[bytes, bytes]) -> list[Rejection | None]:
        try:
            verdicts = await self.call("validate", design, items, *context)
        except JsError as error:
            return [Rejection(error.error, error.reason)] * len(elements(items))
        return [None if verdict is None else Rejection(str(verdict[0]), verdict[1]) for verdict in verdicts]

    async def filter_docs(self, design: str, name: str, docs: str, req: Json, user_ctx: Json) -> list[bool]:
        """Which of `docs` (JSON text of an array) `filters/<name>` lets through.

        `req` is the request as CouchDB describes it; `userCtx` is put into it. Raises JsError: status 404
        where there is no such filter; `error` where it threw, as CouchDB 3.5 answers then.
        """
        request = _encode({**req, "userCtx": user_ctx})
        passed: list[bool] = []
        for piece in pieces(docs.encode()):
            passed += await self._pass("filter", design, name.encode(), piece, request)
        return passed

    async def filter_view(self, design: str, view: str, docs: str) -> list[bool]:
        """For which of `docs` the map function of `view` emits something. Raises JsError as `filter_docs`."""
        passed: list[bool] = []
        for piece in pieces(docs.encode()):
            passed += await self._pass("filter_view", design, view.encode(), piece)
        return passed

    async def _pass(self, operation: str, design: str, *texts: bytes) -> list[bool]:
        try:
            passed: list[bool] = await self.call(operation, design, *texts)
        except JsError as error:
            if error.status == 404:
                raise
            raise JsError("error", f"{error.error}: {error.reason}") from error
        return passed

    async def compile_errors(self, sources: Sequence[str]) -> list[JsError | None]:
        """What is wrong with each function source; None where it compiles."""
        found = await self.call("check", "{}", _encode(list(sources)))
        return [None if one is None else _error(one) for one in found]

    async def call(self, operation: str, design: str, *texts: bytes) -> Any:
        """The decoded result of one operation. Raises JsError."""
        return msgspec.json.decode(await self.call_raw(operation, design, *texts))

    async def call_raw(self, operation: str, design: str, *texts: bytes) -> bytes:
        """The result of one operation as JSON text.

        Raises JsError where the design document is at fault, and where the worker had to be ended.
        """
        answer = well_formed(await self.ask([operation.encode(), design.encode(), *texts]))
        well, result = msgspec.json.decode(answer, type=tuple[bool, msgspec.Raw])
        if not well:
            raise _error(msgspec.json.decode(result))
        return bytes(result)

    async def ask(self, parts: Sequence[bytes]) -> bytes:
        """What a worker answers to this message, see `runtime.js`. Raises JsError when it had to be ended."""
        limit = self._time_limit_s + sum(len(part) for part in parts) / _BYTES_A_SECOND
        async with self._places:
            worker = self._take() or await WorkerProcess.start(self._memory_limit_mb)
            try:
                return await worker.ask(parts, limit)
            finally:
                self._give_back(worker)

    def _take(self) -> WorkerProcess | None:
        if not self._idle:
            return None
        worker, timer = self._idle.pop()  # the last used one, so that the others can end
        timer.cancel()
        return worker

    def _give_back(self, worker: WorkerProcess) -> None:
        if not worker.usable or self._closed:
            self._end(worker)
            return
        timer = asyncio.get_running_loop().call_later(self._idle_limit_s, self._retire, worker)
        self._idle.append((worker, timer))

    def _retire(self, worker: WorkerProcess) -> None:
        self._idle = [(other, timer) for other, timer in self._idle if other is not worker]
        self._end(worker)

    def _end(self, worker: WorkerProcess) -> None:
        task = asyncio.get_running_loop().create_task(worker.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _error(described: Sequence[Any]) -> JsError:
    error, reason = described
    return JsError(str(error), reason if isinstance(reason, str) else str(reason), _status(str(error)))


def _status(error: str) -> int:
    return 404 if error == "not_found" else 500

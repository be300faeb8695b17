"""Design functions run in QuickJS, in this process: the inside of a worker, and tests of design documents.

A context belongs to one design document (its JSON text), so that no design document meets another's globals.
Wall-clock limits are the business of whoever owns the process; memory is limited here.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# The extension module itself: the package around it (`quickjs`) loads thread pools that a worker never uses.
import _quickjs

from couch.node.js.outcome import JsError, Rejection

Json = dict[str, Any]

_CONTEXTS = 8  # design documents kept compiled, the least used goes first
_STACK_BYTES = 1 << 20  # enough for JSON thousands of levels deep; a thread has 8 MiB
_BYTES_A_CHARACTER = (
    8  # what parsed documents take in QuickJS for each byte of their text (measured: up to 7)
)
_RUNTIME = Path(__file__).with_name("runtime.js")


class OutOfMemory(Exception):  # noqa: N818 - named for what happened
    """The context ran into its memory limit: nothing in it can be relied on any more."""


class Sandbox:
    """Runs operations on design documents. One thread at a time.

    After `OutOfMemory` the design document's context is gone and the next call makes a new one.
    """

    def __init__(self, memory_limit_mb: int = 64) -> None:
        self._memory_limit = memory_limit_mb * 1024 * 1024
        self._runtime = _RUNTIME.read_text(encoding="utf-8")
        self._contexts: dict[str, tuple[Any, Any]] = {}
        self.log: list[str] = []  # what the functions of the last call passed to log()

    def run(self, operation: str, design: str, *texts: str) -> str:
        """Run one operation of `runtime.js`; JSON text `[true, result]` or `[false, [error, reason]]`.

        The memory limit is for what the functions make of it: documents come on top. Raises OutOfMemory.
        """
        size = len(design) + sum(len(text) for text in texts)
        try:
            context, dispatch = self._context(design)
            context.set_memory_limit(self._memory_limit + _BYTES_A_CHARACTER * size)
            result: str = dispatch(operation, *texts)
            lines: str = dispatch("log")
        except (_quickjs.JSException, MemoryError) as error:
            self._contexts.pop(design, None)
            raise OutOfMemory(f"out of memory at {self._memory_limit >> 20} MB") from error
        self.log = json.loads(lines) if lines else []
        return result

    def _context(self, design: str) -> tuple[Any, Any]:
        found = self._contexts.pop(design, None)
        if found is None:
            while len(self._contexts) >= _CONTEXTS:
                del self._contexts[next(iter(self._contexts))]
            context = _quickjs.Context()
            context.set_max_stack_size(_STACK_BYTES)
            context.set_memory_limit(self._memory_limit + _BYTES_A_CHARACTER * len(design))
            dispatch = context.eval(self._runtime)
            dispatch("load", design)
            found = (context, dispatch)
        self._contexts[design] = found  # dictionaries keep order: the last used stands last
        return found

    # --- for tests of design documents: values in, values out ---

    def map(self, design: Mapping[str, Any], view: str, docs: Sequence[Json]) -> list[list[tuple[Any, Any]]]:
        """What the map function of `view` emits for each document: (key, value) pairs in order."""
        views = design["views"]
        group = {"maps": [views[view]["map"]], "lib": views.get("lib", {})}
        rows = self._call("map", group, json.dumps(list(docs)))
        return [[(key, value) for key, value in emitted] for (emitted,) in rows]

    def reduce(
        self, design: Mapping[str, Any], view: str, keys: Sequence[Any] | None, values: Sequence[Any]
    ) -> Any:
        """The JavaScript reduce of `view`; `keys` None means rereduce."""
        chunk = [keys, list(values), keys is None, len(json.dumps([keys, list(values)]))]
        (reduction,) = self._call("reduce", {"reduce": design["views"][view]["reduce"]}, json.dumps([chunk]))
        return reduction

    def validate(
        self, design: Mapping[str, Any], new: Json, old: Json | None, user_ctx: Json, security: Json
    ) -> Rejection | None:
        """The judgement of `validate_doc_update` on one document; None where it may be written."""
        texts = (json.dumps(value) for value in ([[new, old]], user_ctx, security))
        (verdict,) = self._call("validate", design, *texts)
        return None if verdict is None else Rejection(*verdict)

    def filter(self, design: Mapping[str, Any], name: str, docs: Sequence[Json], request: Json) -> list[bool]:
        """Which documents the filter function `name` lets through."""
        passed: list[bool] = self._call("filter", design, name, json.dumps(list(docs)), json.dumps(request))
        return passed

    def _call(self, operation: str, design: Mapping[str, Any], *texts: str) -> Any:
        well, result = json.loads(self.run(operation, json.dumps(design), *texts))
        if not well:
            raise JsError(str(result[0]), str(result[1]))
        return result

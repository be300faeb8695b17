"""A process that runs design functions: `python -m couch.node.js.worker MEMORY_LIMIT_MB`.

Reads messages (`frames.py`) `[operation, design, text ...]` from standard input and answers each with
`["ok", result, log lines]`, or with `["fatal", reason]` before it ends itself. It ends when standard input is
closed, even in the middle of an endless loop, so that a node that was killed leaves nothing behind.
It imports only what it needs: on a Raspberry Pi it starts at the first use and costs some 10 MB.
"""

import json
import os
import queue
import sys
import threading

from couch.node.js import frames
from couch.node.js.sandbox import OutOfMemory, Sandbox


def _receive(requests: "queue.SimpleQueue[list[bytes]]") -> None:
    """Runs in a thread of its own: QuickJS lets go of the interpreter lock, so the end is seen any time."""
    while (message := frames.read(sys.stdin.buffer)) is not None:
        requests.put(message)
    os._exit(0)  # the node is gone: nobody waits for an answer, and the main thread may never come back


def _answer(sandbox: Sandbox, message: list[bytes]) -> list[bytes]:
    operation, design, *texts = (part.decode() for part in message)
    result = sandbox.run(operation, design, *texts)
    return [b"ok", result.encode(), json.dumps(sandbox.log).encode() if sandbox.log else b""]


def main(memory_limit_mb: int) -> None:
    """Serve until standard input ends, or until memory ran out (exit status 1)."""
    requests: queue.SimpleQueue[list[bytes]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    sandbox = Sandbox(memory_limit_mb)
    while True:
        try:
            answer = _answer(sandbox, requests.get())
        except OutOfMemory as error:
            answer = [b"fatal", str(error).encode()]
        sys.stdout.buffer.write(frames.pack(answer))
        sys.stdout.buffer.flush()
        if answer[0] == b"fatal":
            os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))

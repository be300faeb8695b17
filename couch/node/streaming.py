"""Long answers, sent while they are read."""

import asyncio
from collections.abc import Iterator, Mapping

from aiohttp import web

from couch.node.answers import raw_answer

_CHUNK = 64 * 1024


async def stream_answer(
    request: web.Request, parts: Iterator[str], *, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Answer with the JSON text that `parts` make together. They are taken in threads, and closed at the end.

    What fits into one chunk goes out as one, with its length.
    """
    try:
        chunk, more = await asyncio.to_thread(_take, parts)
        if not more:
            return raw_answer(chunk, headers=headers)
        response = web.StreamResponse(headers={"Content-Type": "application/json", **(headers or {})})
        await response.prepare(request)
        while True:
            await response.write(chunk)
            if not more:
                break
            chunk, more = await asyncio.to_thread(_take, parts)
        await response.write_eof()
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            await asyncio.to_thread(close)
    return response


def _take(parts: Iterator[str]) -> tuple[bytes, bool]:
    taken: list[bytes] = []
    size = 0
    for part in parts:
        raw = part.encode()
        taken.append(raw)
        size += len(raw)
        if size >= _CHUNK:
            return b"".join(taken), True
    return b"".join(taken), False

"""Waiting for news, or for the end of the node, whichever comes first."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def wait_or_stop(news: Coroutine[Any, Any, bool], stopping: asyncio.Event) -> bool | None:
    """The result of `news`; None where the node stops before it comes."""
    waiting = asyncio.ensure_future(news)
    stop = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({waiting, stop}, return_when=asyncio.FIRST_COMPLETED)
        return None if stopping.is_set() else waiting.result()
    finally:
        waiting.cancel()
        stop.cancel()

"""Blocking calls made in threads, and seen to their end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a thread; a caller that is cancelled still waits until it has returned.

    So a connection or an iterator is never given back while a thread uses it.
    """
    call = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(call)
    except asyncio.CancelledError:
        await asyncio.wait([call])
        raise


async def read_in_thread(items: Iterator[T], batch: int) -> AsyncIterator[T]:
    """The items of an iterator that blocks, fetched `batch` at a time."""
    while found := await in_thread(lambda: list(islice(items, batch))):
        for item in found:
            yield item

"""The forms of a feed, for `_changes` and `_db_updates`: normal, longpoll, continuous, eventsource."""

from collections.abc import Mapping

from aiohttp import web

from couch.node.stored import json_text

Row = tuple[str, str]  # sequence and JSON text


class FeedWriter:
    """Writes rows to one reader in the form that was asked for. Nothing is sent before it is needed."""

    def __init__(self, request: web.Request, feed: str, *, headers: Mapping[str, str] | None = None) -> None:
        self._request = request
        self._feed = feed
        kind = "text/event-stream" if feed == "eventsource" else "application/json"
        self._response = web.StreamResponse(headers={"Content-Type": kind, **(headers or {})})
        if feed == "eventsource":
            self._response.headers["Cache-Control"] = "no-cache"
        self._count = 0

    async def start(self) -> None:
        """Send the headers: from here on the reader knows that the feed lives."""
        if not self._response.prepared:
            await self._response.prepare(self._request)
            if self._feed in ("normal", "longpoll"):
                await self._response.write(b'{"results":[\n')

    async def rows(self, rows: list[Row]) -> None:
        """Send changes."""
        if not rows:
            return
        await self.start()
        if self._feed == "continuous":
            text = "".join(f"{row}\n" for _, row in rows)
        elif self._feed == "eventsource":
            text = "".join(f"data: {row}\nid: {json_text(seq)}\n\n" for seq, row in rows)
        else:
            text = (",\n" if self._count else "") + ",\n".join(row for _, row in rows)
        self._count += len(rows)
        await self._response.write(text.encode())

    async def beat(self) -> None:
        """Send a sign of life."""
        await self.start()
        sign = b"event: heartbeat\ndata: \n\n" if self._feed == "eventsource" else b"\n"
        await self._response.write(sign)

    async def end(self, last: Mapping[str, object]) -> web.StreamResponse:
        """Send the end: `last_seq`, and what else belongs there."""
        await self.start()
        text = json_text(last)
        if self._feed == "continuous":
            await self._response.write(text.encode() + b"\n")
        elif self._feed != "eventsource":
            await self._response.write(f"\n],\n{text[1:]}\n".encode())
        await self._response.write_eof()
        return self._response

"""`_db_updates`: which databases were created, changed or deleted."""

from aiohttp import web

from couch.node.changes_query import ChangesQuery
from couch.node.dbupdates import DatabaseEvent, DatabaseUpdates
from couch.node.feeds import FeedWriter
from couch.node.keys import CATALOG, STOPPING
from couch.node.stored import json_text
from couch.node.waiting import wait_or_stop


async def get_db_updates(request: web.Request) -> web.StreamResponse:
    """`GET /_db_updates`."""
    updates = request.app[CATALOG].updates
    query = ChangesQuery.parse(request.query, request.headers.get("Last-Event-ID"))
    reached = updates.parse(query.since)
    writer = FeedWriter(request, query.feed)
    left = query.limit
    sent = 0
    await writer.start()
    while True:
        events = updates.since(reached)
        if left is not None:
            events = events[:left]
            left -= len(events)
        await writer.rows([_row(updates, event) for event in events])
        sent += len(events)
        reached = events[-1].seq if events else reached
        if query.feed == "normal" or left == 0 or (query.feed == "longpoll" and sent):
            break
        wait_s = query.timeout_s if query.heartbeat_s is None else query.heartbeat_s
        news = await wait_or_stop(updates.news_after(reached, wait_s), request.app[STOPPING])
        if news is None or (not news and query.heartbeat_s is None):
            break
        if not news:
            await writer.beat()
    return await writer.end({"last_seq": updates.text(reached)})


def _row(updates: DatabaseUpdates, event: DatabaseEvent) -> tuple[str, str]:
    seq = updates.text(event.seq)
    return seq, json_text({"db_name": event.name, "type": event.kind, "seq": seq})

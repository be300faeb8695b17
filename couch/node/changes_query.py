"""What a request for `_changes` or `_db_updates` asks for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from couch.node.answers import bad_request

_FEEDS = {
    "normal": "normal",
    "continuous": "continuous",
    "live": "continuous",
    "longpoll": "longpoll",
    "eventsource": "eventsource",
}
_TIMEOUT_MS = 60_000  # CouchDB: [chttpd] changes_timeout, also the longest


@dataclass(frozen=True, slots=True)
class ChangesQuery:
    """Attributes: `since` as sent; `timeout_s` of silence until a waiting feed ends; `heartbeat_s` between
    empty lines instead of an end, None for an end; `all_leaves` for `style=all_docs`; only each
    `seq_interval`th row carries its sequence.
    """

    feed: str = "normal"
    since: str = "0"
    limit: int | None = None
    descending: bool = False
    include_docs: bool = False
    conflicts: bool = False
    all_leaves: bool = False
    filter: str | None = None
    timeout_s: float = _TIMEOUT_MS / 1000
    heartbeat_s: float | None = None
    seq_interval: int = 1

    @classmethod
    def parse(cls, query: Mapping[str, str], last_event_id: str | None) -> "ChangesQuery":
        """From the parameters; `last_event_id` is the header that a reconnecting event source sends.

        Raises:
            HttpError: 400 where one of them cannot be understood.
        """
        style = query.get("style", "main_only")
        if style not in ("main_only", "all_docs"):
            raise bad_request("Invalid style: main_only or all_docs.")
        feed = _FEEDS.get(query.get("feed", "normal"))
        if feed is None:
            raise bad_request("Supported `feed` types: normal, continuous, live, longpoll, eventsource")
        since = query.get("last-event-id", query.get("since", "0"))
        if feed == "eventsource" and last_event_id is not None:
            since = last_event_id
        limit = None if "limit" not in query else _integer(query["limit"], "limit")
        if limit is not None and limit < 0:
            limit = None
        return cls(
            feed=feed,
            since=since,
            limit=limit,
            descending=query.get("descending") == "true",
            include_docs=query.get("include_docs") == "true",
            conflicts=query.get("conflicts") == "true",
            all_leaves=style == "all_docs",
            filter=query.get("filter") or None,
            timeout_s=_timeout(query.get("timeout", str(_TIMEOUT_MS))),
            heartbeat_s=_heartbeat(query.get("heartbeat")),
            seq_interval=_interval(query.get("seq_interval", "1")),
        )


def _integer(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError as err:
        raise bad_request(f"Invalid value for {name}: expecting an integer.") from err


def _timeout(text: str) -> float:
    return min(max(_integer(text, "timeout"), 0), _TIMEOUT_MS) / 1000


def _heartbeat(text: str | None) -> float | None:
    if text is None or text == "false":
        return None
    if text == "true":
        return _TIMEOUT_MS / 1000
    try:
        number = int(text)
    except ValueError as err:
        reason = "Invalid heartbeat value. Expecting a positive integer value (in milliseconds)."
        raise bad_request(reason) from err
    if number <= 0:
        raise bad_request("The heartbeat value should be a positive integer (in milliseconds).")
    return number / 1000


def _interval(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise bad_request("invalid_seq_interval")
    return int(text)

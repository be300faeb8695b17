"""What the listener for devices refused, in one line each: without queries, headers, bodies and traces.

It stands in the place of aiohttp's access log, which also hears of requests too broken to be judged.
"""

import logging

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http import HttpProcessingError

from couch.admission import shown_path
from couch.node.tls_listener import connection_of

_log = logging.getLogger(__name__)
LOGGED: "web.RequestKey[bool]" = web.RequestKey("LOGGED")  # somebody told of it already
_EVERYDAY = frozenset({404, 409})  # a first checkpoint, a heartbeat that lost a race


class RefusalLog(AbstractAccessLogger):
    """Warns of every answer to a device that is a refusal; what replication meets every day is no warning."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Called by aiohttp after each answer."""
        if response.status < 400 or request.get(LOGGED) or connection_of(request) is None:
            return
        everyday = response.status in _EVERYDAY and request.path.startswith("/household-")
        _log.log(
            logging.INFO if everyday else logging.WARNING,
            "answered %s to %s: %s %s",
            response.status,
            request.remote,
            ascii(request.method[:16]),
            shown_path(request.raw_path),
        )


class _OneLine(logging.Filter):
    """Of a request that cannot be read, that it came: its trace quotes what was sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        cause = record.exc_info[1] if record.exc_info else None
        if isinstance(cause, HttpProcessingError):
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def server_logger() -> logging.Logger:
    """Where aiohttp tells of requests that it cannot read."""
    logger = logging.getLogger("couch.node.http")
    if not logger.filters:
        logger.addFilter(_OneLine())
    return logger

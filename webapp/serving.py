"""Serving a WSGI app with waitress until told to stop."""

import signal
from collections.abc import Mapping
from types import FrameType, MappingProxyType
from typing import Any

from couch.errors import Fault
from webapp.upload_limits import channel_with

_LARGEST_REQUEST_BYTES = 128 * 1024
_PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-proto"}
_READ_AHEAD_BYTES = 1024 * 1024  # of a streamed answer whose reader is slow


def serve(
    app: Any,
    *,
    bind: str,
    port: int,
    threads: int,
    trusted_proxy: str | None = None,
    larger: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Serve until SIGTERM or SIGINT; prints the address once requests are answered.

    `larger`: paths to which larger bodies than usual may be sent, with the limit in bytes.

    `trusted_proxy`: the peer whose X-Forwarded-For (its last entry) and X-Forwarded-Proto count; from anybody
    else such headers are dropped. Raises Fault when the address cannot be used.
    """
    proxy = {"trusted_proxy": trusted_proxy, "trusted_proxy_headers": _PROXY_HEADERS} if trusted_proxy else {}
    from waitress.server import create_server  # noqa: PLC0415 - only whoever serves needs it

    try:
        server = create_server(
            app,
            host=bind,
            port=port,
            threads=threads,
            ident=None,
            max_request_body_size=_LARGEST_REQUEST_BYTES,
            outbuf_high_watermark=_READ_AHEAD_BYTES,
            clear_untrusted_proxy_headers=True,
            **proxy,
        )
    except (OSError, ValueError) as err:
        why = err.strerror if isinstance(err, OSError) and err.strerror else str(err)
        raise Fault(
            f"the pages cannot be served at {bind} port {port}: {why.lower()}. "
            "Choose another `port` (0 takes a free one) or `bind` in the settings, or end what uses it."
        ) from err
    if larger:
        server.channel_class = channel_with(larger)
    signal.signal(signal.SIGTERM, _stop)
    print(f"serving on http://127.0.0.1:{server.effective_port}", flush=True)  # noqa: T201 - others read it
    try:
        server.run()
    finally:
        server.close()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)

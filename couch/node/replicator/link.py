"""HTTP requests to one database, repeated while the cause may pass.

Every request of the protocol may be repeated: reading, `_revs_diff`, `_bulk_docs` with `new_edits: false` and
a checkpoint whose revision is compared (`Peer.put_log`) all end as if sent once.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

from couch.node.replicator.endpoint import Endpoint
from couch.node.replicator.failures import PeerRefused, ReplicationFailed
from couch.node.replicator.tls import TlsIdentity

T = TypeVar("T")

_NOT_IMPLEMENTED = 501
_MAX_WAIT_S = 30.0


class Link:
    """One database as seen by one run: its address, account, time-outs and repeats."""

    def __init__(
        self,
        endpoint: Endpoint,
        http: aiohttp.ClientSession,
        tls: TlsIdentity,
        *,
        timeout_s: float,
        retries: int,
        retry_wait_s: float,
    ) -> None:
        self.url = endpoint.url
        self._headers = {"Accept": "application/json", **endpoint.request_headers()}
        self._http, self._tls = http, tls
        self._timeout_s, self._retries, self._retry_wait_s = timeout_s, retries, retry_wait_s

    async def send(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        silence_s: float | None = None,
        success: Collection[int] = (200, 201, 202),
    ) -> T:
        """The answer as a `kind`. `silence_s` overrides how long the peer may send nothing.

        Raises PeerRefused for a status outside `success` that stays, ReplicationFailed after all repeats.
        """
        url = self.url + path + (f"?{urlencode(params)}" if params else "")
        wait_s = self._retry_wait_s
        for repeats_left in range(self._retries, -1, -1):
            try:
                status, content = await self._once(method, url, body, silence_s or self._timeout_s)
                if status in success:
                    return msgspec.json.decode(content, type=kind)
                refusal = _refusal(status, content)
            except aiohttp.ClientConnectorDNSError as err:
                failure = ReplicationFailed("nxdomain", f"could not resolve {self.url}")
                cause: Exception = err
            except msgspec.ValidationError as err:
                words = f"{method} {self.url}{path}: {err}"
                raise ReplicationFailed("unexpected_answer", words) from err
            except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError) as err:
                # A body that was cut off may look complete to HTTP; then it is no JSON.
                failure = ReplicationFailed(
                    "http_request_failed", f"{method} {self.url}{path}: {_words(err)}"
                )
                cause = err
            else:
                if not _may_pass(status):
                    raise refusal
                words = f"{method} {self.url}{path}: status {status}, {refusal.error}: {refusal.reason}"
                failure, cause = ReplicationFailed("http_request_failed", words), refusal
            if repeats_left == 0:
                raise failure from cause
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _MAX_WAIT_S)
        raise AssertionError("a request ends by an answer or an exception")

    async def _once(self, method: str, url: str, body: bytes | None, silence_s: float) -> tuple[int, bytes]:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout_s, sock_read=silence_s)
        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
        extra: dict[str, Any] = {"ssl": self._tls.context()} if url.startswith("https:") else {}
        async with self._http.request(
            method, URL(url, encoded=True), data=body, headers=headers, timeout=timeout, **extra
        ) as answer:
            return answer.status, await answer.read()


def _may_pass(status: int) -> bool:
    return status in (408, 429) or (status >= 500 and status != _NOT_IMPLEMENTED)


def _refusal(status: int, content: bytes) -> PeerRefused:
    try:
        body = msgspec.json.decode(content)
    except msgspec.DecodeError:
        body = None
    told = body if isinstance(body, dict) else {}
    return PeerRefused(str(told.get("error", f"status {status}")), str(told.get("reason", "")), status)


def _words(err: Exception) -> str:
    """What went wrong, without the URL that aiohttp repeats."""
    if isinstance(err, aiohttp.ClientConnectorError):
        return f"connection failed: {err.os_error.strerror or err.os_error}"
    if isinstance(err, TimeoutError):
        return "no answer in time"
    return f"{type(err).__name__}: {err}"

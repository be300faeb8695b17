"""HTTP to one CouchDB, over pycouchdb's resource layer: time-outs, retries and one mapping to our errors.

Retries: only requests that may be repeated without harm, at most `ATTEMPTS` times within the request's own
time-out, waiting 0.2 s, 0.8 s (each with jitter). A time-out is not retried: it has used up that time.
"""

import itertools
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec
import requests
import requests.adapters
from pycouchdb.resource import Resource
from requests.auth import AuthBase, HTTPBasicAuth

from couch.errors import AccessDenied, Conflict, CouchError, Fault, NotFound, Refused, Unreachable

ATTEMPTS = 3
CONNECT_TIMEOUT_S = 10.0
_FIRST_WAIT_S = 0.2
_GROWTH = 4.0
_NOT_A_MEMBER = "You are not allowed to access this db."


class _Adapter(requests.adapters.HTTPAdapter):
    """Gives every request a time-out, also those whose caller forgot one."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        super().__init__(pool_maxsize=4)

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = (min(CONNECT_TIMEOUT_S, self.timeout_s), self.timeout_s)
        return super().send(request, *args, **kwargs)


class _Resource(Resource):
    """pycouchdb's resource, with our errors in the place where it would lose the HTTP status."""

    def _check_result(self, response: requests.Response, result: Any | None) -> None:
        if response.status_code >= 400:
            raise error_for(response.request.method or "", response.url, response.status_code, result)


class _Bearer(AuthBase):
    """Asks for the token at each request, since it lives for a minute only."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token()}"
        return request


@dataclass(frozen=True, slots=True)
class _Call:
    """One request. `timeout_s` bounds each silence of the server, and all attempts together."""

    method: str
    path: tuple[str, ...]
    params: Mapping[str, Any] | None
    body: Any
    timeout_s: float
    stream: bool = False


class Transport:
    """Requests of one account at one server. Not for several threads at once."""

    def __init__(
        self,
        url: str,
        *,
        user: str | None,
        password: str | None,
        timeout_s: float,
        verify: bool | str,
        cert: tuple[str, str] | None,
        token: Callable[[], str] | None = None,
    ) -> None:
        self.url, inner_user, inner_password = split_url(url)
        user, password = user or inner_user, password or inner_password
        self.timeout_s = timeout_s
        session = requests.Session()
        # Proxies, .netrc and CA bundles of the environment are no business of ours: settings say it all.
        session.trust_env = False
        session.headers.update({"Accept": "application/json", "Content-Type": "application/json"})
        if token is not None:
            session.auth = _Bearer(token)
        elif user is not None:
            # Bytes, since requests would take text as Latin-1; `str.__str__` sees through hidden secrets.
            session.auth = HTTPBasicAuth(user.encode(), str.__str__(password or "").encode())
        session.cert = cert
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(timeout_s))
        self._session = session
        self._resource = _Resource(self.url, session=session, verify=verify)  # type: ignore[arg-type]

    def request(
        self,
        method: str,
        *path: str,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        repeatable: bool = False,
        timeout_s: float | None = None,
    ) -> Any:
        """The decoded JSON of the answer.

        `repeatable`: sending it twice has the effect of sending it once. GET and HEAD always are.
        Raises Unreachable, AccessDenied, NotFound, Conflict, Refused.
        """
        call = _Call(method, path, params, body, timeout_s or self.timeout_s)
        again = repeatable or method in ("GET", "HEAD")
        return (self._repeat(call) if again else self._send(call))[1]

    def stream(
        self,
        method: str,
        *path: str,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        timeout_s: float | None = None,
        repeat: bool = True,
    ) -> requests.Response:
        """An open answer of a repeatable request, to be read piece by piece and closed by the caller.

        `timeout_s` bounds the silence between two pieces; `repeat` False: the caller does that itself.
        """
        call = _Call(method, path, params, body, timeout_s or self.timeout_s, stream=True)
        return (self._repeat(call) if repeat else self._send(call))[0]

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _repeat(self, call: _Call) -> tuple[requests.Response, Any]:
        """Send, and send again where that can help."""
        ends = time.monotonic() + call.timeout_s
        wait_s = _FIRST_WAIT_S
        for attempt in itertools.count(1):
            try:
                return self._send(call)
            except Unreachable:
                pause_s = wait_s * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
                if attempt == ATTEMPTS or time.monotonic() + pause_s >= ends:
                    raise
                time.sleep(pause_s)
                wait_s *= _GROWTH
        raise AssertionError("a loop without end ended")

    def _send(self, call: _Call) -> tuple[requests.Response, Any]:
        try:
            response, result = self._resource.request(
                call.method,
                [quote(segment, safe="") for segment in call.path],
                params=None if call.params is None else dict(call.params),
                data=None if call.body is None else msgspec.json.encode(call.body),
                stream=call.stream,
                allow_redirects=False,  # CouchDB sends none; the sign-in page of a hotel's network does
                timeout=(min(CONNECT_TIMEOUT_S, call.timeout_s), call.timeout_s),
            )
        except requests.Timeout as err:
            raise Unreachable(f"{self.url} did not answer in time; the request may be tried again.") from err
        except requests.exceptions.SSLError as err:
            raise Unreachable(
                f"{self.url} and this machine could not agree on a secure connection. "
                "Check the certificates of both sides and the clock."
            ) from err
        except (requests.RequestException, OSError) as err:
            raise Unreachable(
                f"{self.url} cannot be reached ({_cause(err)}). Check that it runs and the network."
            ) from err
        except (ValueError, KeyError) as err:
            raise Unreachable(f"{self.url} answered with something that is no CouchDB answer.") from err
        if response.status_code >= 400:  # answers that are not JSON pass pycouchdb unchecked
            response.close()
            raise error_for(call.method, response.url, response.status_code, result)
        if response.status_code >= 300 or (result is None and not call.stream):
            response.close()
            raise Unreachable(f"{self.url} answered with something that is no CouchDB answer.")
        return response, result


def split_url(url: str) -> tuple[str, str | None, str | None]:
    """The address without credentials and without a slash at its end, the user and the password in it.

    Raises Fault when it is no http(s) address.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Fault(
            "the address of a CouchDB must look like http://127.0.0.1:5984; the one given has no "
            "http:// or https:// or no host. Correct it in the settings."
        )
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    user = unquote(parts.username) if parts.username is not None else None
    return bare, user, unquote(parts.password) if parts.password is not None else None


def error_for(method: str, url: str, status: int, result: Any) -> CouchError:
    """The typed error of an HTTP status of 400 or more and CouchDB's `{error, reason}`."""
    body = result if isinstance(result, dict) else {}
    error, reason = str(body.get("error", "")), str(body.get("reason", ""))
    parts = urlsplit(url)
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    database = unquote(parts.path.strip("/").partition("/")[0])
    what = f"{method} {database or '/'} at {place}"
    said = f"{status} {error}: {' '.join(reason.split())}" if error else f"status {status}"
    if (
        status == 401
        or (status == 403 and _about_account(method, database, reason))
        or (database == "_replicate" and _an_end_denied(error, reason))
    ):
        return AccessDenied(
            f"{what} was denied ({said}). Check the account, its password and its roles.",
            error=error,
            reason=reason,
            status=status,
        )
    if status == 404:
        return NotFound(f"{what} found nothing ({said}).", error=error, reason=reason, status=status)
    if status in (409, 412):
        return Conflict(
            f"{what} met another revision or an existing database ({said}).",
            error=error,
            reason=reason,
            status=status,
        )
    if status in (408, 429) or (status >= 500 and status != 501):
        return Unreachable(f"{what} failed on the server's side ({said}). Try again later.")
    return Refused(
        f"{what} was refused ({said}). Sent unchanged it will be refused again.",
        error=error,
        reason=reason,
        status=status,
    )


def _about_account(method: str, database: str, reason: str) -> bool:
    """Whether a 403 speaks of the account; else it is a validator's word about a document."""
    return method in ("GET", "HEAD") or database == "_replicate" or reason == _NOT_A_MEMBER


def _an_end_denied(error: str, reason: str) -> bool:
    """Whether a failed one-shot speaks of an account; `replication_auth_error` can also mean no network."""
    return error in ("unauthorized", "forbidden") or (
        error == "replication_auth_error" and "unauthorized" in reason
    )


def _cause(err: BaseException) -> str:
    """The innermost plain reason of a failed connection: urllib3's texts hold addresses and object ids."""
    seen: BaseException | None = err
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror and not isinstance(seen, requests.RequestException):
            return seen.strerror.lower()
        inner = getattr(seen, "reason", None)
        first = seen.args[0] if seen.args else None
        if isinstance(inner, BaseException):
            seen = inner
        elif seen.__cause__ is None and isinstance(first, BaseException):
            seen = first
        else:
            seen = seen.__cause__ or seen.__context__
    return type(err).__name__

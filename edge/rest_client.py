"""A client of the centre's REST API, for what replication does not bring: the meters of other devices in the
household, and their measurements; or a single measurement that cannot wait for a push.

The API is described in docs/openapi.json. Addresses of pages come from the centre and are followed within it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import requests

from couch.documents import Json, Measurement, Meter, stamp
from couch.errors import AccessDenied, Conflict, CouchError, NotFound, Refused, Unreachable

_BY_STATUS = {401: AccessDenied, 404: NotFound, 409: Conflict}
_BY_PROBLEM: dict[str, type[Refused]] = {
    "certificate-revoked": AccessDenied,
    "scope-missing": AccessDenied,
    "consent-not-granted": Refused,
}


class RestClient:
    """One device at one centre; not for several threads at once.

    `verify`: a CA file; `cert`: certificate and key file of the device. Every method raises Unreachable (try
    later), AccessDenied, NotFound, Conflict, Refused; their `error` is the name of the problem.
    """

    def __init__(
        self, url: str, *, verify: bool | str = True, cert: tuple[str, str] | None, timeout_s: float = 30.0
    ) -> None:
        self._url, self._timeout_s = url.rstrip("/") + "/", timeout_s
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy and no .netrc of the environment
        self.session.verify, self.session.cert = verify, cert

    def meters(self) -> tuple[Meter, ...]:
        """Every meter of the household, also those that other devices read."""
        items = self._ask("GET", "household/meter")["items"]
        return tuple(
            Meter(meter=one["meter"], meter_type=one["meter_type"], model=one["model"], device=one["device"])
            for one in items
        )

    def measurements(
        self, meter: str, start: datetime, end: datetime, *, page: int = 1000
    ) -> Iterator[Measurement]:
        """Those of slots in [start, end), oldest first, fetched page by page."""
        path: str | None = (
            f"household/meter/{meter}/measurement?from={stamp(start)}&to={stamp(end)}&limit={page}"
        )
        while path:
            found = self._ask("GET", path)
            for one in found["items"]:
                known = {name: value for name, value in one.items() if name != "id"}
                yield Measurement.from_json({**known, "_id": one["id"], "type": "measurement"})
            path = found["next"]

    def send(self, measurement: Measurement) -> None:
        """Store it at the centre; doing it again changes nothing. Raises Conflict where another stands."""
        body = measurement.to_json()
        wanted = ("meter", "measured_at", "slot", "data", "time", "marks")
        self._ask("POST", "household/meter/measurement", {name: body[name] for name in wanted})

    def close(self) -> None:
        """Close idle connections."""
        self.session.close()

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        url = urljoin(self._url, path)
        if urlsplit(url)[:2] != urlsplit(self._url)[:2]:
            raise Refused("the centre named a page on another host; it is not followed")
        try:
            answer = self.session.request(
                method, url, json=body, timeout=self._timeout_s, allow_redirects=False
            )
            found: Any = answer.json()
        except (requests.RequestException, OSError) as err:
            raise Unreachable("the centre's API cannot be reached now; it may be tried again.") from err
        if answer.status_code >= 300 or not isinstance(found, dict):
            raise _error(answer.status_code, found)
        return cast(Json, found)


def _error(status: int, body: Any) -> CouchError:
    """The error that tells the caller what to do next, from a problem of RFC 9457."""
    problem = body if isinstance(body, dict) else {}
    name = str(problem.get("type", "")).rpartition("#")[2]
    detail = str(problem.get("detail", f"status {status}"))
    if status >= 500 or status < 400 or status in (408, 429):
        return Unreachable(f"the centre's API does not serve now ({detail})")
    kind = _BY_PROBLEM.get(name, _BY_STATUS.get(status, Refused))
    return kind(f"the centre's API refused it: {detail}", error=name, reason=detail, status=status)

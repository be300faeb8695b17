"""A visitor of the pages: signs in and sends forms as a browser would, without one."""

import re

import requests

from couch.errors import Fault

_TIMEOUT_S = 15
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """One person at one site. Raises Fault when a page does not answer as it should."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = requests.Session()

    def read(self, path: str) -> str:
        """The page at `path`."""
        return self._checked(self._http.get(self.url + path, timeout=_TIMEOUT_S), path)

    def send(self, path: str, form: dict[str, str]) -> str:
        """Open the page at `path`, fill in its form and send it; the page that comes then."""
        token = _TOKEN.search(self.read(path))
        if token is None:
            raise Fault(f"the page {path} shows no form")
        data = {**form, "csrf_token": token.group(1)}
        return self._checked(self._http.post(self.url + path, data=data, timeout=_TIMEOUT_S), path)

    def _checked(self, answer: requests.Response, path: str) -> str:
        if answer.status_code != requests.codes.ok:
            raise Fault(f"the page {path} answered {answer.status_code}")
        return answer.text

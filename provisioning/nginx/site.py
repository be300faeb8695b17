"""The files of the devices' door, from what is known about a centre."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from couch.errors import Fault
from couch.secret import Secret
from provisioning.nginx.pages_text import PAGES
from provisioning.nginx.site_text import ERRORS, PROXY_HEADER, REFUSAL, SITE, TO_PAGES

MAIN_FILE = "survey.conf"
_TO_PAGES_FILE = "to-pages.conf"
_SECRET_FILE = "proxy-secret.conf"  # noqa: S105 - a file's name
_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9._/+@-]*")
_LISTEN = re.compile(r"(?:(?:[0-9.]+|\[[0-9a-f:]+\]):)?[0-9]{1,5}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{32,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorOptions:
    """A centre's door. `couchdb` and `pages`: host:port on loopback; `listen`: as nginx's `listen` takes it.

    `name`: the DNS name that devices use and the certificate holds. `pages_name`: the people's pages under
    this name too, None for not at all; their certificate is the devices' where none is given.
    """

    name: str
    certificate: Path
    key: Path
    trust: Path
    crl: Path
    couchdb: str = "127.0.0.1:5984"
    pages: str = "127.0.0.1:8090"
    listen: str = "443"
    log: Path = Path("/var/log/nginx/survey.log")
    pages_name: str | None = None
    pages_certificate: Path | None = None
    pages_key: Path | None = None


def door_files(options: DoorOptions, secret: Secret, folder: Path) -> dict[str, str]:
    """The text of each file in `folder`. Raises Fault, naming every fault at once."""
    faults = [*_faults(options)]
    if not _SECRET.fullmatch(secret.reveal()):
        faults.append("the proxy's secret must have 32 to 200 letters, digits, - or _ (openssl rand -hex 32)")
    if not _PLAIN_PATH.fullmatch(str(folder)):
        faults.append(f"the folder {folder} must be absolute, with nothing but letters, digits and ._/+@-")
    if faults:
        raise Fault(f"the configuration of nginx is not written: {'; '.join(faults)}")
    places = {
        "name": options.name,
        "listen": options.listen,
        "log": str(options.log),
        "certificate": str(options.certificate),
        "key": str(options.key),
        "trust": str(options.trust),
        "crl": str(options.crl),
        "couchdb": options.couchdb,
        "pages": options.pages,
        "secret": str(folder / _SECRET_FILE),
        "to_pages": str(folder / _TO_PAGES_FILE),
        "unauthorized": REFUSAL.format(title="Unauthorized", status=401),
        "errors": indent(ERRORS.strip(), " " * 4),
        "forbidden": REFUSAL.format(title="Forbidden", status=403),
        "not_here": _refusal_without_gateway(),
        "pages_name": options.pages_name or "",
        "pages_certificate": str(options.pages_certificate or options.certificate),
        "pages_key": str(options.pages_key or options.key),
    }
    site = SITE + (PAGES if options.pages_name else "")
    return {
        _SECRET_FILE: PROXY_HEADER.replace("<secret>", secret.reveal()),
        _TO_PAGES_FILE: _filled(TO_PAGES, places),
        MAIN_FILE: _filled(site, places),
    }


def _refusal_without_gateway() -> str:
    """Of what nginx keeps to itself."""
    text = REFUSAL.format(title="Forbidden", status=403).replace("$survey_error", "forbidden")
    return text.replace("$survey_reason", "nothing of this address is open to devices")


def _filled(text: str, places: dict[str, str]) -> str:
    return re.sub(r"<([a-z_]+)>", lambda found: places[found[1]], text)


def _faults(options: DoorOptions) -> Iterator[str]:
    for option, name in (("--name", options.name), ("--pages-name", options.pages_name)):
        if name is not None and not _NAME.fullmatch(name):
            yield f"{option} must be a DNS name in lower case, for example centre.example.org"
    if options.pages_name == options.name:
        yield "--pages-name must be another name than --name"
    for option, address in (("--couchdb", options.couchdb), ("--pages", options.pages)):
        if not _on_loopback(address):
            yield f"{option} must be an address on loopback with a port, for example 127.0.0.1:5984"
    if not _LISTEN.fullmatch(options.listen):
        yield "--listen must be a port or address:port, for example 443 or [::]:443"
    files = {
        "--certificate": options.certificate,
        "--key": options.key,
        "--trust": options.trust,
        "--crl": options.crl,
        "--pages-certificate": options.pages_certificate,
        "--pages-key": options.pages_key,
    }
    for option, path in {**files, "--log": options.log}.items():
        if path is not None and not _PLAIN_PATH.fullmatch(str(path)):
            yield f"{option} must be an absolute path with nothing but letters, digits and ._/+@-"
        elif path is not None and option in files and not path.is_file():
            yield f"{option}: there is no file {path}"


def _on_loopback(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
    return loopback and port.isascii() and port.isdigit() and 0 < int(port) < 65536

"""The settings files that joining writes: for the agent, the page, and the device's own database.

Passwords of the local accounts are made here, on the device, and leave it as little as its key does. A
repeated run keeps the ones that stand there.
"""

import json
import secrets
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from couch.bundle import Bundle, BundleMeter
from couch.errors import Fault
from couch.names import DEVICE_ACCOUNTS, PAGE
from couch.private_files import write_private
from couch.secret import Secret
from edge.centre_identity import CA_FILE, CERTIFICATE_FILE, KEY_FILE

DEVICE_FILE = "device.toml"
PAGE_FILE = "page.toml"
NODE_FILE = "node.toml"
COUCHDB_FILE = "couchdb.ini"
SETTINGS_FILES = (DEVICE_FILE, PAGE_FILE, NODE_FILE, COUCHDB_FILE)
LOCAL_ACCOUNTS = ("admin", *DEVICE_ACCOUNTS)
_PASSWORD_BYTES = 24
_PORT = 5984


@dataclass(frozen=True, slots=True)
class KeptDevice:
    """Whose files stand in a folder, and the passwords in them by account."""

    device: str
    household: str
    passwords: Mapping[str, Secret]


def kept_device(folder: Path) -> KeptDevice | None:
    """What an earlier run left. Raises Fault when `device.toml` is there and cannot be read as one."""
    path = folder / DEVICE_FILE
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
        passwords = {name: Secret(stored["local"][name]["password"]) for name in LOCAL_ACCOUNTS}
        return KeptDevice(stored["device"], stored["household"], passwords)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise Fault(
            f"{path} is there but cannot be read as a device's settings. Restore it, or move it away to have "
            "it made anew."
        ) from err


def new_passwords() -> dict[str, Secret]:
    """One for each local account."""
    return {name: Secret(secrets.token_urlsafe(_PASSWORD_BYTES)) for name in LOCAL_ACCOUNTS}


def write_device_files(folder: Path, bundle: Bundle, kept: KeptDevice | None) -> tuple[str, ...]:
    """Write the files that are missing; their names. One that stands there may have been edited: it stays.

    `device.toml` comes first, since the others repeat its passwords. Raises Fault.
    """
    passwords = new_passwords() if kept is None else kept.passwords
    texts = {
        DEVICE_FILE: device_toml(bundle, passwords),
        PAGE_FILE: page_toml(bundle, passwords[PAGE]),
        NODE_FILE: node_toml(folder, bundle, passwords["admin"]),
        COUCHDB_FILE: couchdb_ini(folder, bundle, passwords["admin"]),
    }
    return tuple(name for name, text in texts.items() if write_private(folder / name, text, replace=False))


def device_toml(bundle: Bundle, passwords: Mapping[str, Secret]) -> str:
    """The agent's settings. A meter whose head nobody knows yet stands there as a comment to complete."""
    lines = [
        "# Settings of one device (survey edge run --config device.toml). It holds passwords: keep mode 600.",
        f"device = {_text(bundle.device)}",
        f"household = {_text(bundle.household)}",
        "",
        "[centre]",
        f"url = {_text(bundle.centre_url)}",
        f"ca_file = {_text(CA_FILE)}",
        f"certificate_file = {_text(CERTIFICATE_FILE)}",
        f"key_file = {_text(KEY_FILE)}",
        "",
        "[local]",
        f"url = {_text(bundle.local_url)}",
    ]
    for name in LOCAL_ACCOUNTS:
        lines += [
            "",
            f"[local.{name}]",
            f"user = {_text(name)}",
            f"password = {_text(passwords[name].reveal())}",
        ]
    for meter in bundle.meters:
        lines += ["", *_meter(meter)]
    return "\n".join(lines) + "\n"


def _meter(meter: BundleMeter) -> Sequence[str]:
    lines = [
        "[[meters]]",
        f"meter = {_text(meter.meter)}",
        f"head = {_text(meter.head or 'serial:///dev/ttyUSB0')}",
        f"protocol = {_text(meter.protocol)}",
    ]
    if meter.head is not None:
        return lines
    return ["# where is this meter's head plugged in?", *(f"# {line}" for line in lines)]


def page_toml(bundle: Bundle, password: Secret) -> str:
    """The participant's page's settings; the household code is made by `survey edge page --new-code`."""
    return "\n".join(
        [
            "# Settings of the participant's page (survey edge page --config page.toml). Keep mode 600.",
            f"device = {_text(bundle.device)}",
            f"household = {_text(bundle.household)}",
            "",
            "[local]",
            f"url = {_text(bundle.local_url)}",
            f"user = {_text(PAGE)}",
            f"password = {_text(password.reveal())}",
            "",
        ]
    )


def node_toml(folder: Path, bundle: Bundle, password: Secret) -> str:
    """The embedded node's settings: a loopback port, and the identity of its replications."""
    here = folder.absolute()
    return "\n".join(
        [
            "# Settings of the embedded database (survey node --config node.toml). Keep mode 600.",
            f"admin_password = {_text(password.reveal())}",
            f"data = {_text(str(here / 'data'))}",
            f"port = {_port(bundle)}",
            "",
            "[replicator]",
            f"cert_file = {_text(str(here / CERTIFICATE_FILE))}",
            f"key_file = {_text(str(here / KEY_FILE))}",
            f"ssl_ca = {_text(str(here / CA_FILE))}",
            "",
        ]
    )


def couchdb_ini(folder: Path, bundle: Bundle, password: Secret) -> str:
    """The same for an Apache CouchDB on the device (design section 11: 4, 6, 7)."""
    here = folder.absolute()
    return "\n".join(
        [
            "; For an Apache CouchDB on the device: copy to etc/local.d/survey.ini, mode 600; its user must",
            "; be able to read the three files below. A renewed certificate is taken up without a restart.",
            "[couchdb]",
            "single_node = true",
            "file_compression = none",
            "",
            "[chttpd]",
            "bind_address = 127.0.0.1",
            f"port = {_port(bundle)}",
            "",
            "[admins]",
            f"admin = {password.reveal()}",
            "",
            "[replicator]",
            f"cert_file = {here / CERTIFICATE_FILE}",
            f"key_file = {here / KEY_FILE}",
            f"ssl_trusted_certificates_file = {here / CA_FILE}",
            "verify_ssl_certificates = true",
            "ssl_certificate_max_depth = 3",
            "startup_jitter = 0",
            "",
        ]
    )


def _port(bundle: Bundle) -> int:
    return urlsplit(bundle.local_url).port or _PORT


def _text(value: str) -> str:
    return json.dumps(value)  # a JSON string is a TOML basic string

"""What a device needs to start: `device.toml` for the agent and `page.toml` for the participant's page.

They hold passwords: mode 600, and a repeated run keeps the passwords that stand there.
"""

import json
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from couch.errors import Fault
from couch.names import DEVICE_ACCOUNTS, PAGE
from couch.secret import Secret
from provisioning.household_file import MeterEntry
from provisioning.private_files import write_private

_PASSWORD_BYTES = 24
LOCAL_ACCOUNTS = ("admin", *DEVICE_ACCOUNTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceBundle:
    """One device's settings. `meters`: (uuid, entry) of those whose head the file names."""

    device: str
    household: str
    centre_url: str
    centre_password: Secret
    local_url: str
    local_passwords: dict[str, Secret]
    meters: Sequence[tuple[str, MeterEntry]]

    @property
    def account(self) -> str:
        """The device's account at the centre."""
        return device_account(self.device)


def device_account(device: str) -> str:
    """The name of a device's `_users` account at the centre."""
    return f"device-{device}"


def kept_passwords(folder: Path) -> dict[str, Secret]:
    """The passwords in the `device.toml` of an earlier run, by account ("centre" and the local ones)."""
    path = folder / "device.toml"
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
        local = stored["local"]
        return {
            "centre": Secret(stored["centre"]["password"]),
            **{name: Secret(local[name]["password"]) for name in LOCAL_ACCOUNTS},
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise Fault(
            f"{path} is there but cannot be read as a device's settings. Restore it, or remove it to have "
            "new passwords made."
        ) from err


def new_password() -> Secret:
    return Secret(secrets.token_urlsafe(_PASSWORD_BYTES))


def write_bundle(folder: Path, bundle: DeviceBundle) -> Path:
    """Write both files; the path of `device.toml`. Raises Fault."""
    path = folder / "device.toml"
    write_private(folder / "page.toml", page_toml(bundle))
    write_private(path, device_toml(bundle))  # last: where it stands, both do
    return path


def device_toml(bundle: DeviceBundle) -> str:
    """The agent's settings."""
    lines = [
        "# Settings of one device (survey edge run --config device.toml). It holds passwords: keep mode 600.",
        f"device = {_text(bundle.device)}",
        f"household = {_text(bundle.household)}",
        "",
        "[centre]",
        f"url = {_text(bundle.centre_url)}",
        f"user = {_text(bundle.account)}",
        f"password = {_text(bundle.centre_password.reveal())}",
        "",
        "[local]",
        f"url = {_text(bundle.local_url)}",
    ]
    for name in LOCAL_ACCOUNTS:
        lines += [
            "",
            f"[local.{name}]",
            f"user = {_text(name)}",
            f"password = {_text(bundle.local_passwords[name].reveal())}",
        ]
    for meter, entry in bundle.meters:
        lines += [
            "",
            "[[meters]]",
            f"meter = {_text(meter)}",
            f"head = {_text(entry.head or '')}",
            f"protocol = {_text(entry.protocol)}",
        ]
    return "\n".join(lines) + "\n"


def page_toml(bundle: DeviceBundle) -> str:
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
            f"password = {_text(bundle.local_passwords[PAGE].reveal())}",
            "",
        ]
    )


def _text(value: str) -> str:
    return json.dumps(value)  # a JSON string is a TOML basic string

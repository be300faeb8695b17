"""The settings of a device: `device.toml` and SURVEY_EDGE_* variables, loaded once.

Passwords may come from the environment, for example SURVEY_EDGE_CENTRE__PASSWORD.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from couch.documents.fields import Uuid
from couch.errors import Fault
from couch.settings import Account, Endpoint, load

PREFIX = "EDGE"
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
Protocol = Literal["sml", "text_d"]


class LocalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The device's own database engine and the accounts in it; their names are free, their roles are not."""

    url: str
    admin: Account  # creates databases and accounts, sets `_security`; nothing else
    agent: Account
    page: Account
    pull: Account
    push: Account


class CycleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Real seconds: they bound waits inside a slot."""

    pull_timeout_s: Seconds = 20.0  # a slower network delays no measurement further
    head_timeout_s: Seconds = 30.0  # an SML meter sends every 1 to 4 s


class TransmissionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Real seconds, except `reconcile_every_h`, which follows the survey's clock."""

    push_jitter_s: Annotated[float, msgspec.Meta(ge=0, le=900)] = 120.0  # spreads devices over a slot
    request_timeout_s: Seconds = 30.0
    push_timeout_s: Seconds = 900.0  # weeks of offline measurements go in one push
    reconnect_max_s: Seconds = 60.0  # longest pause between tries while the link is down
    reconcile_every_h: Annotated[float, msgspec.Meta(gt=0, le=168)] = 24.0


class MeterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One meter and the head that reads it; `keep`: OBIS codes kept, None for the usual ones."""

    meter: Uuid
    head: str
    protocol: Protocol = "sml"
    keep: tuple[str, ...] | None = None


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True):
    device: Uuid
    household: Uuid
    local: LocalSettings
    centre: Endpoint
    cycle: CycleSettings = CycleSettings()
    transmission: TransmissionSettings = TransmissionSettings()
    meters: tuple[MeterSettings, ...] = ()


def load_settings(file: Path | None, environ: Mapping[str, str]) -> DeviceSettings:
    """Raises SettingsError naming every fault at once, or Fault where two tables contradict each other."""
    settings = load(DeviceSettings, file=file, environ=environ, prefix=PREFIX)
    for name, count in Counter(entry.meter for entry in settings.meters).items():
        if count > 1:
            raise Fault(f"the settings name the meter {name} {count} times: keep one [[meters]] table of it")
    for head, count in Counter(entry.head for entry in settings.meters).items():
        if count > 1 and head.startswith("serial:"):
            raise Fault(f"the settings give the head {head} to {count} meters: a head reads one meter")
    return settings

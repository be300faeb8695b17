"""The settings of a device: `device.toml` and SURVEY_EDGE_* variables, loaded once.

Passwords of the local accounts may come from the environment, for example SURVEY_EDGE_LOCAL__ADMIN__PASSWORD.
Relative paths start at the folder of the file.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import urlsplit

import msgspec

from couch.documents.fields import Uuid
from couch.errors import Fault
from couch.secret import Secret
from couch.settings import Account, load

if TYPE_CHECKING:
    from couch.client import Server

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


class CentreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The centre, which a device reaches over mutual TLS: its address, whom it trusts there, who it is.

    `user` and `password` are for tests against an engine on this machine, over http, where there is no TLS.
    """

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://", examples=["https://centre.example.org:6984"])]
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    user: str | None = None
    password: Secret = Secret("")

    def __post_init__(self) -> None:
        files = (self.ca_file, self.certificate_file, self.key_file)
        secure = self.url.startswith("https:")
        if secure and (None in files or self.user is not None):
            raise ValueError("over https it takes ca_file, certificate_file and key_file, and no user")
        if not secure and not _on_this_machine(self.url):
            raise ValueError("devices reach the centre over TLS only: url must begin with https://")

    def server(self, timeout_s: float) -> "Server":
        """A client of the centre, for one thread; a renewed certificate is taken up by new connections."""
        from couch.client import Server  # noqa: PLC0415 - checking settings need not load HTTP

        shown = self.certificate_file, self.key_file
        return Server(
            self.url,
            user=self.user,
            password=self.password.reveal() if self.user else None,
            timeout_s=timeout_s,
            verify=True if self.ca_file is None else str(self.ca_file),
            cert=None if shown[0] is None or shown[1] is None else (str(shown[0]), str(shown[1])),
        )

    def below(self, folder: Path) -> Self:
        """The same with relative paths taken from `folder`."""
        names = ("ca_file", "certificate_file", "key_file")
        paths = {name: getattr(self, name) for name in names}
        whole = {name: folder / path for name, path in paths.items() if path is not None}
        return msgspec.structs.replace(self, **whole)


def _on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


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
    """`erasure_file`: the mark that this device was erased and must not measure, made when that happens.

    `keep_days`: measurements and gaps older than this are forgotten here once the centre is shown to hold
    them; None: all are kept.
    """

    device: Uuid
    household: Uuid
    local: LocalSettings
    centre: CentreSettings
    cycle: CycleSettings = CycleSettings()
    transmission: TransmissionSettings = TransmissionSettings()
    erasure_file: Path = Path("erasure.json")
    keep_days: Annotated[int, msgspec.Meta(ge=2, le=3660)] | None = None
    meters: tuple[MeterSettings, ...] = ()


def load_settings(file: Path | None, environ: Mapping[str, str]) -> DeviceSettings:
    """Raises SettingsError naming every fault at once, or Fault where two tables contradict each other."""
    settings = load(DeviceSettings, file=file, environ=environ, prefix=PREFIX)
    folder = Path.cwd() if file is None else file.parent.absolute()
    settings = msgspec.structs.replace(
        settings, centre=settings.centre.below(folder), erasure_file=folder / settings.erasure_file
    )
    for name, count in Counter(entry.meter for entry in settings.meters).items():
        if count > 1:
            raise Fault(f"the settings name the meter {name} {count} times: keep one [[meters]] table of it")
    for head, count in Counter(entry.head for entry in settings.meters).items():
        if count > 1 and head.startswith("serial:"):
            raise Fault(f"the settings give the head {head} to {count} meters: a head reads one meter")
    return settings

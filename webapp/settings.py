"""The settings of the two web services: `page.toml` on a device, `centre_web.toml` at the centre.

Paths are taken from the folder of the settings file. Times are real seconds.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from couch.documents.fields import UUID_PATTERN
from couch.secret import Secret
from couch.settings import Endpoint, load
from webapp.administrator.thresholds import Thresholds
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.releases.settings import DataSetSettings
from webapp.home_network import HOME_NETWORKS

Port = Annotated[int, msgspec.Meta(ge=0, le=65535, examples=[8080], description="0 (a free one) to 65535")]
Id = Annotated[
    str,
    msgspec.Meta(
        pattern=UUID_PATTERN,
        description="a uuid in lower case",
        examples=["00000000-0000-4000-8000-000000000000"],
    ),
]
Names = Annotated[tuple[str, ...], msgspec.Meta(examples=[["survey.local"]])]
Address = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^https?://[^/?#@]+/?$",
        description="scheme and host, no path",
        examples=["https://centre.example.org"],
    ),
]
Proxy = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-f.:]+$",
        description="the address from which the proxy asks",
        examples=["127.0.0.1"],
    ),
]
Networks = Annotated[tuple[str, ...], msgspec.Meta(examples=[["192.168.0.0/16", "fe80::/10"]])]
Idle = Annotated[int, msgspec.Meta(ge=60, le=86_400)]
Lifetime = Annotated[int, msgspec.Meta(ge=60, le=7 * 86_400)]
LinkLife = Annotated[int, msgspec.Meta(ge=60, le=30 * 86_400)]
Wait = Annotated[float, msgspec.Meta(gt=0, le=600)]


class PageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`survey edge page`; `SURVEY_PAGE_PORT` and so on override it.

    The household code's hash stands in `household_code_hash` or in a file; `survey edge page --new-code`
    makes a code and writes the file. `names`: host names of this page besides addresses and localhost.
    `erasure_file`: the agent's, which says that this household was erased (see edge.settings).
    `home_networks`: whoever asks from elsewhere is refused. `https` and `trusted_proxy`: as at the centre.
    `contact`: whom participants ask, as they read it: name, telephone, email address.
    """

    device: Id
    household: Id
    local: Endpoint  # the device's own database, as the account `page`
    household_code_hash: Secret | None = None
    household_code_file: Path = Path("household-code.hash")
    session_secret_file: Path = Path("page-session.key")  # made at the first start
    erasure_file: Path = Path("erasure.json")
    bind: str = "127.0.0.1"
    port: Port = 8080
    names: Names = ()
    home_networks: Networks = HOME_NETWORKS
    contact: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    https: bool = False
    trusted_proxy: Proxy | None = None
    session_idle_s: Idle = 1800
    session_s: Lifetime = 2 * 3600  # at the longest: a tablet in the kitchen is everybody's
    timezone: str | None = None  # None: Germany's
    timeout_s: Wait = 5.0


class CentreWebSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`survey centre serve` and `survey export`; `SURVEY_CENTRE_WEB_PORT` and so on override it.

    `couchdb`: the central CouchDB with the service account of the pages, which has the roles researcher
    (registry) and analyst (research); people have accounts of their own in `accounts_file`. `https`: browsers
    reach the pages over TLS, so that cookies travel over it alone. `address`: what one-time links begin with,
    and its host is one of `names`; without it the port on this machine. `trusted_proxy`: the address of the
    proxy in front, whose X-Forwarded-For names the caller; from anybody else that header counts for nothing.
    Devices are served where both files are named: `proxy_secret_file` holds what the TLS listener in front
    proves itself by, `token_key_file` the key (base64) with which the database checks the tokens of devices.
    `health`: from when on a device counts as not well. `metrics_token_file`: holds the token (mode 600) that
    Prometheus shows for /metrics; without it there is no such address.
    `kept_folder`: finished months as Parquet files, from which exports are cut (`survey export keep`).
    `geodata`: regions for exports (`survey geodata import`); `releases_folder`: published data sets.
    """

    couchdb: Endpoint
    proxy_secret_file: Path | None = None
    token_key_file: Path | None = None
    session_secret_file: Path = Path("centre-session.key")  # made at the first start
    accounts_file: Path = Path("accounts.sqlite")  # made at the first use
    bind: str = "127.0.0.1"
    port: Port = 8090
    names: Names = ()
    https: bool = False
    address: Address | None = None
    trusted_proxy: Proxy | None = None
    session_idle_s: Idle = 1800
    session_s: Lifetime = 8 * 3600  # at the longest: a working day
    invitation_s: LinkLife = 7 * 86_400
    reset_s: LinkLife = 86_400
    health: Thresholds = msgspec.field(default_factory=Thresholds)
    metrics_token_file: Path | None = None
    timezone: str | None = None  # None: Germany's
    timeout_s: Wait = 30.0
    threads: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    kept_folder: Path | None = None  # None: every export is read from the database
    kept_after_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 3  # after the end of a month (UTC)
    geodata: Path = Path("geodata.gpkg")
    releases_folder: Path = Path("releases")
    anonymity: AnonymitySettings = msgspec.field(default_factory=AnonymitySettings)  # of what goes out
    data_set: DataSetSettings = msgspec.field(default_factory=DataSetSettings)  # how it is cited


def load_page(file: Path, environ: Mapping[str, str]) -> PageSettings:
    """The settings of a device's page, with whole paths. Raises SettingsError."""
    settings = load(PageSettings, file=file, environ=environ, prefix="PAGE")
    return msgspec.structs.replace(
        settings,
        household_code_file=file.parent / settings.household_code_file,
        session_secret_file=file.parent / settings.session_secret_file,
        erasure_file=file.parent / settings.erasure_file,
    )


def load_centre_web(file: Path, environ: Mapping[str, str]) -> CentreWebSettings:
    """The settings of the centre's pages, with whole paths. Raises SettingsError."""
    settings = load(CentreWebSettings, file=file, environ=environ, prefix="CENTRE_WEB")
    return msgspec.structs.replace(
        settings,
        proxy_secret_file=_below(file, settings.proxy_secret_file),
        token_key_file=_below(file, settings.token_key_file),
        metrics_token_file=_below(file, settings.metrics_token_file),
        session_secret_file=file.parent / settings.session_secret_file,
        accounts_file=file.parent / settings.accounts_file,
        kept_folder=_below(file, settings.kept_folder),
        geodata=file.parent / settings.geodata,
        releases_folder=file.parent / settings.releases_folder,
    )


def _below(file: Path, path: Path | None) -> Path | None:
    return None if path is None else file.parent / path

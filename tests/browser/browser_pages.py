"""Every page of both sites, in the states that look different, for the tests that look at all of them.

`tests/webapp/test_browser_pages.py` fails when a site has a page that is not here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from browser_world import GAP_DAY, PARTICIPANT, World

RESEARCHER, ADMINISTRATOR, ANALYST = "researcher", "administrator", "analyst"
STRANGER = None


Path = str | Callable[[World], str]


@dataclass(frozen=True, kw_only=True)
class Look:
    """One page in one state. `endpoint` is the route's; `{language}` in `path` is the reader's.

    `send`: a form of the page, by its selector, that is sent as it stands, past what the browser would check.
    """

    site: str  # device or centre
    endpoint: str
    path: Path
    role: str | None
    state: str = ""
    status: int = 200
    send: str = ""

    @property
    def name(self) -> str:
        """For test ids and names of pictures."""
        words = f"{self.site} {self.endpoint} {self.state}".split()
        return "-".join(words).replace(".", "-").replace("_", "-")

    def url(self, world: World, language: str = "en") -> str:
        base = world.device_url if self.site == "device" else world.centre_url
        path = self.path if isinstance(self.path, str) else self.path(world)
        return base + path.replace("{language}", language)


def _device(
    endpoint: str, path: Path, state: str = "", *, role: str | None = PARTICIPANT, **more: Any
) -> Look:
    return Look(site="device", endpoint=endpoint, path=path, state=state, role=role, **more)


def _centre(
    endpoint: str, path: Path, state: str = "", *, role: str | None = RESEARCHER, **more: Any
) -> Look:
    return Look(site="centre", endpoint=endpoint, path=path, state=state, role=role, **more)


def _household(what: str = "") -> Callable[[World], str]:
    return lambda world: f"/households/{world.household}{what}"


def _health(*, silent: bool) -> Callable[[World], str]:
    return lambda world: f"/health/devices/{world.silent_device if silent else world.device.device}"


DEVICE = (
    _device("sign_in.form", "/sign-in", role=STRANGER),
    _device("sign_in.form", "/sign-in", "wrong", role=STRANGER, send="main form"),
    _device("participant.overview", "/overview"),
    _device("consent.state", "/consent"),
    _device("consent.ask_again", "/consent/revoked"),
    _device("consent.ask_again", "/consent/revoked", "not ticked", send="main form"),
    _device("consent.receipt", "/consent/granted/receipt"),
    _device("participant.registration", "/registration"),
    _device("reports.form", "/registration/reports"),
    _device("reports.form", "/registration/reports", "empty", send="main form"),
    _device("own_data.explained", "/data"),
    _device("own_data.copy", "/data/copy"),
    _device("energy.now", "/measurements"),
    _device("energy.find", "/measurements/find?span=day&date=x", "no date", status=400),
    _device("energy.period", lambda world: f"/measurements/day/{world.clock.now().date()}", "today"),
    _device("energy.period", f"/measurements/day/{GAP_DAY}", "day with a gap"),
    _device("energy.period", "/measurements/week/2026-W24", "week"),
    _device("energy.period", "/measurements/month/2026-06", "month"),
    _device("energy.period", "/measurements/year/2026", "year"),
    _device("energy.period", "/measurements/month/2025-06", "nothing measured"),
    _device("install.offline", "/offline/{language}", role=STRANGER),
    _device("error", "/no/such/page", "not found", status=404),
)
CENTRE = (
    _centre("sign_in.form", "/sign-in", role=STRANGER),
    _centre("sign_in.form", "/sign-in", "wrong", role=STRANGER, send="main form"),
    _centre("sign_in.form", "/sign-in?done=set", "after a link", role=STRANGER),
    _centre("accounts.link", lambda world: world.invitation, role=STRANGER),
    _centre("accounts.link", "/link/x", "used up", role=STRANGER, status=404),
    _centre("accounts.own", "/own-account"),
    _centre("accounts.own", "/own-account?done=changed", "changed"),
    _centre("researcher.households", "/households"),
    _centre("researcher.household", _household()),
    _centre("researcher.household", lambda world: f"/households/{world.silent}", "never heard of"),
    _centre("reports.reports", "/reports"),
    _centre("reports.reports", "/reports?state=done", "done"),
    _centre("charts.consent", "/charts/consent"),
    _centre("charts.profiles", "/charts/profiles"),
    _centre("charts.energy", "/charts/feed-in"),
    _centre("charts.completeness", "/charts/completeness"),
    _centre("charts.installations", "/charts/installations"),
    _centre("registration.new", "/households/new"),
    _centre("registration.new", "/households/new", "empty", send="main form"),
    _centre("registration.edit", _household("/edit")),
    _centre("registration.corrected", _household("/correction")),
    _centre("registration.devices", _household("/devices")),
    _centre("registration.revocation", _household("/revocation")),
    _centre("registration.bring", "/households/import"),
    _centre("registration.bring", "/households/import", "no file", send="main form"),
    _centre("administrator.health", "/health", role=ADMINISTRATOR),
    _centre(
        "administrator.device", lambda world: f"/health/devices/{world.device.device}", role=ADMINISTRATOR
    ),
    _centre("administrator.device", _health(silent=True), "never heard of", role=ADMINISTRATOR),
    _centre("administrator.centre", "/health/centre", role=ADMINISTRATOR),
    _centre("administrator_accounts.accounts", "/accounts", role=ADMINISTRATOR),
    _centre("administrator_accounts.new", "/accounts/new", role=ADMINISTRATOR),
    _centre("administrator_accounts.new", "/accounts/new", "empty", role=ADMINISTRATOR, send="main form"),
    _centre("administrator_accounts.account", "/accounts/1", role=ADMINISTRATOR),
    _centre("analyst.form", "/export", role=ANALYST),
    _centre("releases.overview", "/releases", role=ANALYST),
    _centre("error", "/no/such/page", "not found", status=404),
    _centre("error", "/households", "not for this role", role=ANALYST, status=403),
)
LOOKS = DEVICE + CENTRE
# Routes that answer a browser's GET with something else than a page, or whose page a story looks at.
NO_PAGES = {
    "static": "files",
    "sign_in.home": "leads on to the first page of a role",
    "consent.receipt_file": "the receipt as a text file",
    "own_data.download": "an archive",
    "install.manifest": "what the page is called among apps",
    "install.worker": "a script",
    "energy.current": "leads on to the day, week, month or year that is now",
    "charts.start": "leads on to the first chart",
    "registration.bundle": "an archive",
    "registration.imported": "how far an import is: the story of importing looks at it",
    "registration.template": "a table to fill in",
    "registration.outlines": "data of the map",
    "registration.places": "data of the form",
    "metrics.metrics": "figures for Prometheus",
    "analyst.data": "the export for programs",
    "data.newest": "leads on to the newest version",
    "data.version": "a published data set, and one that was withdrawn: their story looks at both",
    "data.file": "a file of a data set",
    "data.whole": "an archive",
}

"""Every page of both sites, in the states that look different, for the tests that look at all of them.

`tests/webapp/test_browser_pages.py` fails when a site has a page that is not here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from browser_world import PARTICIPANT, World

RESEARCHER, ADMINISTRATOR, ANALYST = "researcher", "administrator", "analyst"
STRANGER = None


@dataclass(frozen=True)
class Look:
    """One page in one state. `endpoint` is the route's; `path` may depend on the world."""

    site: str  # device or centre
    endpoint: str
    role: str | None
    path: str | Callable[[World], str]
    state: str = ""
    status: int = 200

    @property
    def name(self) -> str:
        """For test ids and names of pictures."""
        words = f"{self.site} {self.endpoint} {self.state}".split()
        return "-".join(words).replace(".", "-").replace("_", "-")

    def url(self, world: World) -> str:
        base = world.device_url if self.site == "device" else world.centre_url
        return base + (self.path if isinstance(self.path, str) else self.path(world))


def _device(endpoint: str, path: str | Callable[[World], str], state: str = "", status: int = 200) -> Look:
    return Look("device", endpoint, PARTICIPANT, path, state, status)


def _centre(
    endpoint: str,
    path: str | Callable[[World], str],
    state: str = "",
    *,
    role: str | None = RESEARCHER,
    status: int = 200,
) -> Look:
    return Look("centre", endpoint, role, path, state, status)


LOOKS = (
    Look("device", "sign_in.form", STRANGER, "/sign-in"),
    _device("participant.overview", "/overview"),
    _device("consent.state", "/consent"),
    _device("consent.ask_again", "/consent/revoked"),
    _device("consent.receipt", "/consent/granted/receipt"),
    _device("participant.registration", "/registration"),
    _device("reports.form", "/registration/reports"),
    _device("own_data.explained", "/data"),
    _device("own_data.copy", "/data/copy"),
    Look("device", "install.offline", STRANGER, lambda _world: "/offline/en"),
    _device("participant.measurements", "/measurements"),
    _device("error", "/no/such/page", "not found", 404),
    _centre("sign_in.form", "/sign-in", role=STRANGER),
    _centre("sign_in.form", "/sign-in?done=set", "after a link", role=STRANGER),
    _centre("accounts.link", lambda world: world.invitation, role=STRANGER),
    _centre("accounts.link", "/link/x", "used up", role=STRANGER, status=404),
    _centre("accounts.own", "/own-account"),
    _centre("accounts.own", "/own-account?done=changed", "changed"),
    _centre("researcher.households", "/households"),
    _centre("researcher.household", lambda world: f"/households/{world.household}"),
    _centre("researcher.household", lambda world: f"/households/{world.silent}", "never heard of"),
    _centre("analyst.form", "/export", role=ANALYST),
    _centre("error", "/no/such/page", "not found", status=404),
    _centre("error", "/households", "not for this role", role=ANALYST, status=403),
)
# Routes that answer a browser's GET with something else than a page.
NO_PAGES = {
    "consent.receipt_file": "the receipt as a text file",
    "own_data.download": "an archive",
    "install.manifest": "what the page is called among apps",
    "install.worker": "a script",
    "static": "files",
    "sign_in.home": "leads on to the first page of a role",
}

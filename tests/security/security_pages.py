"""The centre's web process of a world, and the accounts of people."""

import secrets
import threading
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from security_authority import PAGES_NAME, Authority
from security_centre import Engine
from waitress.server import create_server

from couch import names
from couch.clock import Clock
from provisioning.enrolment import Enrolment
from provisioning.enrolment_households import CentralHouseholds
from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.directory import Directory
from webapp.accounts.door import AccountDoor
from webapp.accounts.passwords import Passwords
from webapp.accounts.services import AccountServices
from webapp.accounts.sessions import AccountSessions
from webapp.api.blueprint import api_blueprint
from webapp.api.device_connections import DeviceConnections
from webapp.api.services import ApiServices
from webapp.centre import centre_site
from webapp.centre_services import CentreServices
from webapp.connections import PerThread
from webapp.enrolment.endpoints import enrolment_blueprint
from webapp.enrolment.services import EnrolmentServices
from webapp.factory import create_app
from webapp.gateway.blueprint import gateway_blueprint
from webapp.gateway.gateway import Gateway
from webapp.gateway.standing import Standings
from webapp.gateway.tokens import Mint
from webapp.moments import zone_named

KEPT_S = 0.3  # how long the gateway remembers a standing here; shorter than in real use
PASSWORDS = {
    "rita": "researchers secret words 1",
    "alan": "analysts secret words 22",
    "dora": "disabled persons words 333",
    "tess": "turning persons words 4444",
}
_ROLES = {"rita": "researcher", "alan": "analyst", "dora": "administrator", "tess": "researcher"}
_FORWARDED = {"x-forwarded-for", "x-forwarded-proto"}
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Accounts(Passwords):
    """Personal accounts with cheap passwords, over one file."""

    def __init__(self, file: Path) -> None:
        super().__init__(_CHEAP)
        self.file = AccountsFile(file)
        self.directory = Directory(self.file)
        self.links: dict[str, str] = {}
        for name, password in PASSWORDS.items():
            self.links[name] = self.directory.add(name, [_ROLES[name]], valid_s=3600).token
            self.directory.use_link(self.links[name], self.hashed(password))
        self.directory.disable("dora")
        self.links["expired"] = self.directory.add("late", ["analyst"], valid_s=-1).token
        self.links["open"] = self.directory.add("new", ["analyst"], valid_s=3600).token
        self.services = AccountServices(
            directory=self.directory,
            sessions=AccountSessions(self.file, 1800, 8 * 3600),
            passwords=self,
            door=AccountDoor(self.directory, self),
        )

    def state(self) -> tuple[Any, ...]:
        """Who there is, with which roles and which password."""
        return tuple((one.name, one.roles, one.disabled, one.password_hash) for one in self.directory.all())


class PagesProcess:
    """The centre's web process on loopback: pages, REST API, enrolment, and the question of nginx."""

    def __init__(
        self,
        engine: Engine,
        authority: Authority,
        accounts: Accounts,
        *,
        gateway: Gateway,
        secret: bytes,
        behind_proxy: bool,
    ) -> None:
        enrolment = Enrolment(
            authority.issuing, authority.store, CentralHouseholds(lambda: engine.role(names.WORKER))
        )
        services = CentreServices(
            server=PerThread(lambda: engine.role(names.RESEARCHER, names.ANALYST)),
            accounts=accounts.services,
            clock=Clock(),
            timezone=zone_named(None),
        )
        machines = (
            api_blueprint(
                ApiServices(
                    household=DeviceConnections(engine.url, Mint(engine.key), timeout_s=30),
                    registry=lambda: services.server().database(names.REGISTRY),
                    proxy_secret=secret,
                    clock=Clock(),
                )
            ),
            enrolment_blueprint(
                EnrolmentServices(
                    enrol=enrolment.enrol,
                    renew=enrolment.renew,
                    come_back=enrolment.come_back,
                    proxy_secret=secret,
                )
            ),
            gateway_blueprint(gateway.authorize, secret),
        )
        app = create_app(
            centre_site(services, machines),
            secret=secrets.token_bytes(32),
            cookie="survey_centre",
            names=(PAGES_NAME,),
            https=behind_proxy,
        )
        # As webapp.serving does it, but in this process.
        proxy = {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": _FORWARDED}
        self._server = create_server(
            app,
            host="127.0.0.1",
            port=0,
            threads=4,
            ident=None,
            max_request_body_size=128 * 1024,
            clear_untrusted_proxy_headers=True,
            **(proxy if behind_proxy else {}),
        )
        self.port = int(self._server.effective_port)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._server.run()
        except OSError:
            if not self._closing:
                raise

    _closing = False

    def close(self) -> None:
        self._closing = True
        self._server.close()
        self._thread.join(10)


def gateway_of(engine: Engine, authority: Authority) -> Gateway:
    """The gateway that remembers standings for a moment only, so that tests need not wait."""
    connection = PerThread(engine.admin)
    records = authority.issuing.records

    def security(household: str) -> Any:
        return connection().database(names.household_database(household)).security()

    standings = Standings(verdict=lambda facts: records.judge(facts).value, security=security, kept_s=KEPT_S)
    return Gateway(standings, Mint(engine.key))

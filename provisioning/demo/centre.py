"""The centre of a demo: its database, worker and pages as processes, set up by the real commands."""

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

import msgspec

from couch.client import Server
from couch.private_files import write_private
from provisioning.demo.processes import Process, free_port, run_once
from provisioning.demo.visitor import Visitor

READY = "listening on "
SERVING = "serving on "
DOOR_NAME = "localhost"  # certificates name hosts, not addresses
RESEARCHER = "researcher"
_PAGES = "pages"  # the database account of the centre's pages
_RESEARCHER_ROLES = ("--role", "researcher", "--role", "analyst")


class _Invitation(msgspec.Struct, frozen=True):
    link: str


class NewDevice(msgspec.Struct, frozen=True):
    device: str
    bundle: str  # the path of what its Raspberry Pi gets


class NewHousehold(msgspec.Struct, frozen=True):
    household: str
    devices: tuple[NewDevice, ...]


class DemoCentre:
    """Devices come through `door_url`; `url` is the database's own, known once it is started.

    `password` is that of the researcher's account.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.password = secrets.token_urlsafe(9)
        self._admin_password = secrets.token_urlsafe(18)
        self._pages_password = secrets.token_urlsafe(18)
        self._secrets = {
            "SURVEY_CA_PASSPHRASE": secrets.token_urlsafe(18),
            "SURVEY_JWT_KEY": b64encode(secrets.token_bytes(32)).decode(),
            "SURVEY_NODE_TLS__PROXY_SECRET": secrets.token_urlsafe(32),
        }
        self._environ = {**environ, "SURVEY_CA_PASSPHRASE": self._secrets["SURVEY_CA_PASSPHRASE"]}
        self.url = ""
        self.door_port, pages_port = free_port(), free_port()
        self.door_url = f"https://{DOOR_NAME}:{self.door_port}"
        self.pages_url = f"http://127.0.0.1:{pages_port}"
        self.config = folder / "centre.toml"
        self.web_config = folder / "centre_web.toml"
        logs = folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self.node = Process(
            "the centre's database",
            ["node", "--port", str(free_port()), "--data", str(folder / "data")],
            logs / "node.log",
            {**environ, **self._secrets, **self._door(), "SURVEY_ADMIN_PASSWORD": self._admin_password},
        )
        self.worker = Process(
            "the worker",
            ["--verbose", "anonymizer", "run", "--config", str(self.config)],
            logs / "worker.log",
            environ,
        )
        self.pages = Process(
            "the centre's pages",
            ["--verbose", "centre", "serve", "--config", str(self.web_config), "--centre", str(self.config)],
            logs / "pages.log",
            {**self._environ, "SURVEY_CENTRE_WEB_PORT": str(pages_port)},
        )

    def start(self) -> None:
        """Make the authority, start the database, the worker and the pages. Raises Fault."""
        self._make_authority()
        self.url = self.node.start(READY)
        write_private(self.config, self._centre_toml())
        run_once(["centre", "init", "--config", str(self.config), "--json"], self._environ)
        run_once(
            ["centre", "account", _PAGES, "--config", str(self.config), *_RESEARCHER_ROLES],
            {**self._environ, "SURVEY_ACCOUNT_PASSWORD": self._pages_password},
        )
        write_private(self.folder / "proxy.secret", self._secrets["SURVEY_NODE_TLS__PROXY_SECRET"] + "\n")
        write_private(self.folder / "token.key", self._secrets["SURVEY_JWT_KEY"] + "\n")
        write_private(self.web_config, self._web_toml())
        self.worker.start("following")
        self.pages.start(SERVING)
        self._accept(self.invite(RESEARCHER, "researcher", "analyst"), self.password)

    def add_household(self, file: Path) -> NewHousehold:
        """What `survey household add` made of `file`."""
        answer = run_once(
            ["household", "add", str(file), "--config", str(self.config), "--json"], self._environ
        )
        return msgspec.json.decode(answer, type=NewHousehold)

    def add_account(self, name: str, *roles: str) -> str:
        """Invite a person, who sets a password through the link as people do; that password."""
        password = secrets.token_urlsafe(9)
        self._accept(self.invite(name, *roles), password)
        return password

    def invite(self, name: str, *roles: str) -> str:
        """The path of the one-time link by which a person with a new account sets a password."""
        given = [argument for role in roles for argument in ("--role", role)]
        answer = run_once(
            ["account", "add", name, *given, "--config", str(self.web_config), "--json"],
            {**self._environ, "SURVEY_CENTRE_WEB_ADDRESS": self.pages_url},
        )
        return msgspec.json.decode(answer, type=_Invitation).link.removeprefix(self.pages_url)

    def _make_authority(self) -> None:
        """The survey's own certificates, and one for the door that devices come through."""
        folder = ["--folder", str(self.folder / "ca")]
        run_once(["ca", "init", *folder, "--json"], self._environ)
        out = str(self.folder / "tls")
        run_once(
            ["ca", "issue", "server", *folder, "--dns", DOOR_NAME, "--out", out, "--json"], self._environ
        )

    def _door(self) -> dict[str, str]:
        """The settings of the database's listener for devices."""
        return {
            "SURVEY_NODE_TLS__CERTIFICATE_FILE": str(self.folder / "tls" / "chain.pem"),
            "SURVEY_NODE_TLS__KEY_FILE": str(self.folder / "tls" / "key.pem"),
            "SURVEY_NODE_TLS__DEVICES_CA_FILE": str(self.folder / "ca" / "trust.pem"),
            "SURVEY_NODE_TLS__AUTHORITY": str(self.folder / "ca"),
            "SURVEY_NODE_TLS__PORT": str(self.door_port),
            "SURVEY_NODE_TLS__UPSTREAM": self.pages_url,
        }

    def _accept(self, link: str, password: str) -> None:
        Visitor(self.pages_url).send(link, {"new": password, "again": password})

    def administrator(self) -> Server:
        """The engine's administrator, to look behind the scenes."""
        return Server(self.url, user="admin", password=self._admin_password)

    def processes(self) -> tuple[Process, ...]:
        return (self.pages, self.worker, self.node)

    def stop(self) -> None:
        for process in self.processes():
            process.stop()

    def _centre_toml(self) -> str:
        return "\n".join(
            [
                f"url = {json.dumps(self.url)}",
                f"device_url = {json.dumps(self.door_url)}",
                f"pseudonym_key = {json.dumps(str(self.folder / 'pseudonym.key'))}",
                f"ca_folder = {json.dumps(str(self.folder / 'ca'))}",
                "[admin]",
                'user = "admin"',
                f"password = {json.dumps(self._admin_password)}",
                "[worker]",
                'user = "worker"',
                f"password = {json.dumps(secrets.token_urlsafe(18))}",
                "",
            ]
        )

    def _web_toml(self) -> str:
        return "\n".join(
            [
                'proxy_secret_file = "proxy.secret"',
                'token_key_file = "token.key"',
                "[couchdb]",
                f"url = {json.dumps(self.url)}",
                f"user = {json.dumps(_PAGES)}",
                f"password = {json.dumps(self._pages_password)}",
                "# The demo has two households: where real people take part, more of them have to be alike.",
                "[anonymity]",
                "threshold = 1",
                "# Days pass in minutes here, and what travels takes its time in real seconds.",
                "[health]",
                "silent_h = 12",
                "long_silent_h = 72",
                "late_h = 12",
                "backlog_h = 12",
                "clock_behind_s = 86400",
                "",
            ]
        )

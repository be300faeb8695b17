"""The centre of a demo: its database, worker and pages as processes, set up by the real commands."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec

from couch.client import Server
from couch.private_files import write_private
from provisioning.demo.processes import Process, free_port, run_once
from provisioning.demo.visitor import Visitor

READY = "listening on "
SERVING = "serving on "
RESEARCHER = "researcher"
_PAGES = "pages"  # the database account of the centre's pages
_RESEARCHER_ROLES = ("--role", "researcher", "--role", "analyst")


class _Invitation(msgspec.Struct, frozen=True):
    link: str


class NewDevice(msgspec.Struct, frozen=True):
    device: str
    settings: str  # the path of its device.toml


class NewHousehold(msgspec.Struct, frozen=True):
    household: str
    devices: tuple[NewDevice, ...]


class DemoCentre:
    """`url`, `pages_url` and `password` (of the researcher's account) are known once it is started."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.password = secrets.token_urlsafe(9)
        self._admin_password = secrets.token_urlsafe(18)
        self._pages_password = secrets.token_urlsafe(18)
        self._environ = dict(environ)
        self.url = self.pages_url = ""
        self.config = folder / "centre.toml"
        self.web_config = folder / "centre_web.toml"
        logs = folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        node_environ = {**self._environ, "SURVEY_ADMIN_PASSWORD": self._admin_password}
        self.node = Process(
            "the centre's database",
            ["node", "--port", str(free_port()), "--data", str(folder / "data")],
            logs / "node.log",
            node_environ,
        )
        self.worker = Process(
            "the worker",
            ["--verbose", "anonymizer", "run", "--config", str(self.config)],
            logs / "worker.log",
            self._environ,
        )
        self.pages = Process(
            "the centre's pages",
            ["--verbose", "centre", "serve", "--config", str(self.web_config)],
            logs / "pages.log",
            {**self._environ, "SURVEY_CENTRE_WEB_PORT": "0"},
        )

    def start(self) -> None:
        """Start the database, set the centre up, start the worker and the pages. Raises Fault."""
        self.url = self.node.start(READY)
        write_private(self.config, self._centre_toml())
        run_once(["centre", "init", "--config", str(self.config), "--json"], self._environ)
        run_once(
            ["centre", "account", _PAGES, "--config", str(self.config), *_RESEARCHER_ROLES],
            {**self._environ, "SURVEY_ACCOUNT_PASSWORD": self._pages_password},
        )
        write_private(self.web_config, self._web_toml())
        self.worker.start("following")
        self.pages_url = self.pages.start(SERVING)
        self._invite_the_researcher()

    def add_household(self, file: Path) -> NewHousehold:
        """What `survey centre add-household` made of `file`."""
        answer = run_once(
            ["centre", "add-household", str(file), "--config", str(self.config), "--json"], self._environ
        )
        return msgspec.json.decode(answer, type=NewHousehold)

    def _invite_the_researcher(self) -> None:
        """The researcher gets a link and sets the password with it, as people do."""
        answer = run_once(
            ["account", "add", RESEARCHER, *_RESEARCHER_ROLES, "--config", str(self.web_config), "--json"],
            {**self._environ, "SURVEY_CENTRE_WEB_ADDRESS": self.pages_url},
        )
        link = msgspec.json.decode(answer, type=_Invitation).link
        Visitor(self.pages_url).send(
            link.removeprefix(self.pages_url), {"new": self.password, "again": self.password}
        )

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
                f"pseudonym_key = {json.dumps(str(self.folder / 'pseudonym.key'))}",
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
                "[couchdb]",
                f"url = {json.dumps(self.url)}",
                f"user = {json.dumps(_PAGES)}",
                f"password = {json.dumps(self._pages_password)}",
                "",
            ]
        )

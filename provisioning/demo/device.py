"""A household's device in a demo: its database, agent and page as processes, behind a link to the centre."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from couch.client import Database, Server
from couch.names import AGENT, replica_database
from provisioning.demo.centre import DOOR_NAME, READY, SERVING, DemoCentre
from provisioning.demo.link import Link
from provisioning.demo.processes import Process, free_port, run_once

# A slot passes in seconds here: what spreads devices and waits over a real quarter of an hour is shortened.
_HASTE = {
    "SURVEY_EDGE_CYCLE__PULL_TIMEOUT_S": "2",
    "SURVEY_EDGE_CYCLE__HEAD_TIMEOUT_S": "2",
    "SURVEY_EDGE_TRANSMISSION__PUSH_JITTER_S": "0.2",
    "SURVEY_EDGE_TRANSMISSION__RECONNECT_MAX_S": "1",
    "SURVEY_EDGE_TRANSMISSION__REQUEST_TIMEOUT_S": "5",
}


class DemoDevice:
    """`page_url` and `code` (the household code) are known once it is started."""

    def __init__(
        self, bundle: Path, centre: DemoCentre, environ: Mapping[str, str], *, device: str, household: str
    ) -> None:
        """`bundle`: what the centre made for this device; the device joins with it and gets its settings."""
        self.device, self.household = device, household
        self.page_url = self.code = ""
        self.link = Link(("127.0.0.1", centre.door_port))
        self._far = f"https://{DOOR_NAME}:{self.link.port}"
        self._folder = bundle.parent / device
        run_once(["edge", "join", str(bundle), "--folder", str(self._folder), "--json"], environ)
        self.config = self._folder / "device.toml"
        settings = tomllib.loads(self.config.read_text(encoding="utf-8"))
        self._passwords = {
            name: entry["password"] for name, entry in settings["local"].items() if name != "url"
        }
        self.meters = tuple(entry["meter"] for entry in settings.get("meters", []))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        logs = self._folder / "logs"
        logs.mkdir(exist_ok=True)
        self._environ = {
            **_HASTE,
            **environ,
            "SURVEY_EDGE_CENTRE__URL": self._far,
            "SURVEY_EDGE_LOCAL__URL": self.url,
            "SURVEY_PAGE_LOCAL__URL": self.url,
        }
        self.node = Process(
            "a device's database",
            ["node", "--config", str(self._folder / "node.toml"), "--port", str(port)],
            logs / "node.log",
            environ,
        )
        self.agent = Process(
            "a device's agent",
            ["--verbose", "edge", "run", "--config", str(self.config)],
            logs / "agent.log",
            self._environ,
        )
        self.page = Process(
            "a device's page",
            ["--verbose", "edge", "page", "--config", str(self._folder / "page.toml")],
            logs / "page.log",
            {**self._environ, "SURVEY_PAGE_PORT": "0"},
        )

    def start(self) -> None:
        """Start the database, then the agent and the page. Raises Fault."""
        self.node.start(READY)
        run_once(["edge", "init", "--config", str(self.config)], self._environ)
        page_config = str(self._folder / "page.toml")
        self.code = run_once(["edge", "page", "--config", page_config, "--new-code"], self._environ).strip()
        self.agent.start("device ")
        self.page_url = self.page.start(SERVING)

    def replica(self, account: str = AGENT) -> Database:
        """The device's replica, as one of its accounts."""
        server = Server(self.url, user=account, password=self._passwords[account])
        return server.database(replica_database(self.device))

    def at_centre(self) -> Server:
        """The centre as the device sees it: with its certificate, through its link."""
        identity = (str(self._folder / "device.pem"), str(self._folder / "device.key"))
        return Server(self._far, cert=identity, verify=str(self._folder / "ca.pem"), timeout_s=5)

    def processes(self) -> tuple[Process, ...]:
        return (self.page, self.agent, self.node)

    def stop(self) -> None:
        for process in self.processes():
            process.stop()
        self.link.close()

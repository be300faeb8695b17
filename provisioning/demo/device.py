"""A household's device in a demo: its database, agent and page as processes, behind a link to the centre."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from couch.client import Database, Server
from couch.names import AGENT, replica_database
from provisioning.demo.centre import READY, SERVING, DemoCentre
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
        self, config: Path, centre: DemoCentre, environ: Mapping[str, str], *, device: str, household: str
    ) -> None:
        self.device, self.household = device, household
        self.page_url = self.code = self.url = ""
        self.config = config
        target = urlsplit(centre.url)
        self.link = Link((str(target.hostname), int(target.port or 0)))
        self._folder = config.parent
        settings = tomllib.loads(config.read_text(encoding="utf-8"))
        self._passwords = {
            name: entry["password"] for name, entry in settings["local"].items() if name != "url"
        }
        self.meters = tuple(entry["meter"] for entry in settings.get("meters", []))
        self._environ = {**_HASTE, **environ, "SURVEY_EDGE_CENTRE__URL": self.link.url}
        logs = self._folder / "logs"
        logs.mkdir(exist_ok=True)
        self.node = Process(
            "a device's database",
            ["node", "--port", str(free_port()), "--data", str(self._folder / "data")],
            logs / "node.log",
            {**environ, "SURVEY_ADMIN_PASSWORD": self._passwords["admin"]},
        )
        self._logs = logs
        self.agent = self.page = self.node  # replaced by start(), once the database's address is known

    def start(self) -> None:
        """Start the database, then the agent and the page. Raises Fault."""
        self.url = self.node.start(READY)
        self._environ |= {"SURVEY_EDGE_LOCAL__URL": self.url, "SURVEY_PAGE_LOCAL__URL": self.url}
        page_config = str(self._folder / "page.toml")
        self.agent = Process(
            "a device's agent",
            ["--verbose", "edge", "run", "--config", str(self.config)],
            self._logs / "agent.log",
            self._environ,
        )
        self.page = Process(
            "a device's page",
            ["--verbose", "edge", "page", "--config", page_config],
            self._logs / "page.log",
            {**self._environ, "SURVEY_PAGE_PORT": "0"},
        )
        run_once(["edge", "init", "--config", str(self.config)], self._environ)
        self.code = run_once(["edge", "page", "--config", page_config, "--new-code"], self._environ).strip()
        self.agent.start("device ")
        self.page_url = self.page.start(SERVING)

    def replica(self, account: str = AGENT) -> Database:
        """The device's replica, as one of its accounts."""
        server = Server(self.url, user=account, password=self._passwords[account])
        return server.database(replica_database(self.device))

    def at_centre(self) -> Server:
        """The centre as the device sees it: its own account, through its link."""
        settings = tomllib.loads(self.config.read_text(encoding="utf-8"))["centre"]
        return Server(self.link.url, user=settings["user"], password=settings["password"], timeout_s=5)

    def processes(self) -> tuple[Process, ...]:
        return (self.page, self.agent, self.node)

    def stop(self) -> None:
        for process in self.processes():
            process.stop()
        self.link.close()

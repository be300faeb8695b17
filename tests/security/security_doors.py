"""The two doors in front of a world's engine: the embedded node's TLS listener, and nginx."""

import asyncio
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from security_authority import NAME, PAGES_NAME, Authority

from couch.node.service import Gatekeeper, RunningNode, start_node
from couch.node.settings import NodeSettings, TlsSettings
from couch.secret import Secret
from provisioning.nginx.check import around
from provisioning.nginx.site import DoorOptions
from provisioning.nginx.writing import write_door

WITHIN_S = 30.0
HEAD_S = 1.5  # how long a request's head may take here; shorter than in real use, so that tests end
BODY_S = 3.0  # a whole request
NEEDS_NGINX = "needs the Debian package nginx"
_SHORTENED = {
    "client_header_timeout 15s;": f"client_header_timeout {int(HEAD_S * 1000)}ms;",
    "client_body_timeout 15s;": f"client_body_timeout {int(HEAD_S * 1000)}ms;",
}


class Node:
    """An embedded node in an event loop of its own thread."""

    def __init__(
        self, folder: Path, *, port: int, password: str, key: str, tls: TlsSettings, keeper: Gatekeeper
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        settings = NodeSettings(
            admin_password=Secret(password),
            data=str(folder),
            port=port,
            jwt_key=Secret(key),
            password_iterations=1000,
            js_workers=1,
            tls=tls,
        )
        self.running: RunningNode = self._do(start_node(settings, keeper))

    def close(self) -> None:
        self._do(self.running.close())
        self._do(_end_the_rest())
        self._do(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WITHIN_S)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN_S)


async def _end_the_rest() -> None:
    """Connections that were cut leave their tasks to the end of the loop, as `asyncio.run` ends them."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def listener_settings(authority: Authority, pages_port: int, secret: str) -> TlsSettings:
    """Of the listener for devices, its times shortened."""
    return TlsSettings(
        certificate_file=str(authority.server.certificate),
        key_file=str(authority.server.key),
        devices_ca_file=str(authority.ca.trust),
        port=0,
        upstream=f"http://127.0.0.1:{pages_port}",
        proxy_secret=Secret(secret),
        head_s=HEAD_S,
        idle_s=2 * HEAD_S,
        request_s=BODY_S,
    )


class Nginx:
    """Debian's nginx with the configuration that `survey provision nginx` writes."""

    def __init__(
        self, folder: Path, authority: Authority, *, engine: str, pages_port: int, secret_file: Path
    ) -> None:
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            pytest.skip(NEEDS_NGINX)
        folder.mkdir()
        folder.chmod(0o755)
        self.port, self.log, self.errors = free_port(), folder / "access.log", folder / "error.log"
        crl = folder / "crl.pem"
        crl.write_bytes(
            authority.ca.crl.read_bytes()
        )  # as a copied file, so it can be older than the records
        options = DoorOptions(
            name=NAME,
            certificate=authority.server.certificate,
            key=authority.server.key,
            trust=authority.ca.trust,
            crl=crl,
            couchdb=engine.partition("//")[2],
            pages=f"127.0.0.1:{pages_port}",
            listen=f"127.0.0.1:{self.port}",
            log=self.log,
            pages_name=PAGES_NAME,
        )
        site = write_door(options, secret_file, folder / "site", check=False)[-1]
        text = site.read_text()
        for real, short in _SHORTENED.items():
            assert real in text, f"the generated configuration no longer says {real}"
            text = text.replace(real, short)
        site.write_text(text)
        main = folder / "nginx.conf"
        ours = f"error_log {self.errors} warn;\ndaemon off;\nworker_processes 1;\n"
        if os.geteuid() == 0:
            ours += "user root;\n"  # else its workers cannot enter the tests' folder
        main.write_text(around(site, folder).replace("error_log stderr warn;", ours))
        self._process = subprocess.Popen(
            [program, "-p", str(folder), "-c", str(main)], stderr=subprocess.PIPE
        )
        self._await()

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=WITHIN_S)

    def _await(self) -> None:
        ends = time.monotonic() + WITHIN_S
        while time.monotonic() < ends and self._process.poll() is None:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            threading.Event().wait(0.05)  # nginx tells nobody that it listens
        _, said = self._process.communicate(timeout=WITHIN_S)
        raise RuntimeError(f"nginx did not start: {said.decode()}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])

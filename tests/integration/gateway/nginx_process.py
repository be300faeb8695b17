"""nginx with the configuration that `survey provision nginx` writes, as an unprivileged process."""

import socket
import subprocess
import time
from pathlib import Path

from gateway_world import HOST, WITHIN_S, Survey

from provisioning.nginx.check import around, nginx_program
from provisioning.nginx.site import DoorOptions
from provisioning.nginx.writing import write_door


class Nginx:
    """Listens on `port` of 127.0.0.1 until closed."""

    def __init__(self, survey: Survey, folder: Path, *, couchdb: str, pages: int, secret: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.folder = folder
        secret_file = folder / "secret"
        secret_file.write_text(secret)
        secret_file.chmod(0o600)
        options = DoorOptions(
            name=HOST,
            certificate=survey.server_certificate,
            key=survey.server_key,
            trust=survey.ca.trust,
            crl=survey.ca.crl,
            couchdb=couchdb,
            pages=f"127.0.0.1:{pages}",
            listen=f"127.0.0.1:{self.port}",
            log=folder / "access.log",
        )
        write_door(options, secret_file, folder / "site", check=True)
        wrapper = folder / "nginx.conf"
        wrapper.write_text(f"daemon off;\nmaster_process off;\n{around(folder / 'site/survey.conf', folder)}")
        with (folder / "error.log").open("w") as errors:
            command = [nginx_program(), "-p", str(folder), "-c", str(wrapper)]
            self._process = subprocess.Popen(command, stderr=errors)
        self._await()

    def _await(self) -> None:
        ends = time.monotonic() + WITHIN_S
        while True:
            assert self._process.poll() is None, (self.folder / "error.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert time.monotonic() < ends, "nginx does not listen"
                time.sleep(0.05)
            else:
                return

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(WITHIN_S)

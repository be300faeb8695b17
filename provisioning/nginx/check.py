"""Whether nginx takes a configuration: asked of nginx itself (`nginx -t`)."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from couch.errors import Fault

_WITHIN_S = 30.0
_AROUND = """pid {folder}/nginx.pid;
error_log stderr warn;
events {{ }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {site};
}}
"""


def around(site: Path, folder: Path) -> str:
    """A whole configuration that holds `site` alone and keeps its own files in `folder`."""
    return _AROUND.format(site=site, folder=folder)


def nginx_program() -> str:
    """The path of nginx. Raises Fault when it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise Fault("nginx is not installed: run apt-get install nginx-light, or give --no-check.")
    return program


def check_site(site: Path) -> None:
    """Raises Fault with nginx's own words when it does not take the file, or when nginx is not installed."""
    program = nginx_program()
    with tempfile.TemporaryDirectory(prefix="survey-nginx-") as folder:
        wrapper = Path(folder) / "nginx.conf"
        wrapper.write_text(around(site, Path(folder)), encoding="utf-8")
        try:
            done = subprocess.run(
                [program, "-t", "-q", "-p", folder, "-c", str(wrapper)],
                capture_output=True,
                text=True,
                timeout=_WITHIN_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as err:
            raise Fault(f"nginx could not be asked about the configuration: {type(err).__name__}") from err
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if "[emerg]" in line] or done.stderr.splitlines()
        said = " ".join(words[-1].split()) if words else f"exit status {done.returncode}"
        raise Fault(f"nginx does not take the configuration: {said}")

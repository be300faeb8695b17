"""Writing nginx's files: all of them, seen to be good, or none."""

import secrets
import tempfile
from pathlib import Path

from couch.private_files import write_private
from couch.secret import secret_from_file
from provisioning.nginx.check import check_site
from provisioning.nginx.site import MAIN_FILE, DoorOptions, door_files


def write_door(options: DoorOptions, secret_file: Path, folder: Path, *, check: bool) -> list[Path]:
    """Write the door's files (mode 600) into `folder`; the paths. `check`: nginx is asked before.

    The secret is made where its file is missing. Raises Fault; then `folder` is as it was.
    """
    write_private(secret_file, secrets.token_urlsafe(32) + "\n", replace=False)
    secret = secret_from_file(secret_file)
    if check:
        with tempfile.TemporaryDirectory(prefix="survey-door-") as trial:
            _write(door_files(options, secret, Path(trial)), Path(trial))
            check_site(Path(trial) / MAIN_FILE)
    return _write(door_files(options, secret, folder), folder)


def _write(files: dict[str, str], folder: Path) -> list[Path]:
    for name, text in files.items():
        write_private(folder / name, text)
    return [folder / name for name in files]

"""The local files that are one household's: its page's code and the key of its sessions, the certificate.

The settings stay: they name uuids, this machine's own passwords and where heads are plugged in.
"""

import re
import tomllib
from pathlib import Path

from couch.durable import sync_to_disk
from couch.errors import Fault
from couch.private_files import write_private
from edge.centre_identity import CentreIdentity
from edge.device_files import PAGE_FILE

# The keys of page.toml that name files, and the names where they are not set (see webapp.settings).
_PAGE_FILES = {
    "household_code_file": "household-code.hash",
    "session_secret_file": "page-session.key",
}
_CODE_IN_SETTINGS = re.compile(r"^[ \t]*household_code_hash[ \t]*=.*(?:\n|\Z)", re.MULTILINE)


def erase_household_files(folder: Path) -> tuple[str, ...]:
    """Remove the page's household code and session key; the names of what was there. Raises Fault."""
    page = folder / PAGE_FILE
    text = _text_of(page)
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise Fault(
            f"{page} is no TOML, so the household code's file is not known: mend or remove it"
        ) from err
    names = [str(settings.get(key, name)) for key, name in _PAGE_FILES.items()]
    gone = tuple(name for name in names if _remove(folder / name))
    without = _CODE_IN_SETTINGS.sub("", text)
    if without != text:
        write_private(page, without)
        gone += ("household_code_hash",)
    return gone


def erase_certificate(identity: CentreIdentity | None) -> None:
    """Remove the certificate, which holds the participant's email. Raises Fault.

    The last step of all: until the centre has the confirmation, the device needs it to say so.
    """
    if identity is not None:
        _remove(identity.certificate)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""  # the page was never set up, or lives elsewhere
    except (OSError, UnicodeDecodeError) as err:
        raise Fault(f"{file} cannot be read: run this as the user who owns it") from err


def _remove(file: Path) -> bool:
    try:
        file.unlink()
        sync_to_disk(file.parent)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(f"{file} cannot be removed: {why}. Remove it by hand.") from err
    return True

"""Database accounts at the centre for what reads there in the roles of people: the centre's pages.

People themselves have accounts at the pages, not in the database (`survey account`).
"""

import re
from collections.abc import Sequence
from pathlib import Path

from couch.centre_settings import CentreSettings
from couch.client import Server
from couch.errors import Fault
from couch.names import ADMINISTRATOR, ANALYST, RESEARCHER
from couch.secret import Secret, secret_from_file

PERSON_ROLES = (RESEARCHER, ADMINISTRATOR, ANALYST)
PASSWORD_VARIABLE = "SURVEY_ACCOUNT_PASSWORD"  # noqa: S105 - the name of a variable, not a password
SHORTEST_PASSWORD = 12
_NAME = re.compile(r"^[a-z][a-z0-9._-]{1,63}$")


def put_person(
    settings: CentreSettings, admin: Server, name: str, roles: Sequence[str], password: Secret
) -> None:
    """Make the account be there with this password and exactly these roles.

    Raises Fault for a name or password that will not do, CouchError.
    """
    faults = []
    if not _NAME.match(name):
        faults.append(
            f"the name {name!r}: lower-case letters, digits, . _ - (2 to 64, a letter first), for example ada"
        )
    if name in {settings.worker.user, settings.admin.user} or name.startswith("device-"):
        faults.append(f"the name {name!r} belongs to the system: choose another")
    if len(password) < SHORTEST_PASSWORD:
        faults.append(f"the password: at least {SHORTEST_PASSWORD} characters")
    if faults:
        raise Fault(f"no account was made: {'; '.join(faults)}.")
    admin.put_user(name, password.reveal(), roles)


def given_password(file: Path | None, environment: str | None) -> Secret | None:
    """The password from a file of mode 600 or the environment; None where it is to be asked for."""
    if file is not None:
        return secret_from_file(file)
    return Secret(environment) if environment else None

"""Setting up the centre: databases, the worker's account, the pseudonym key. Repeating it changes nothing."""

import secrets
from collections.abc import Callable
from pathlib import Path

from couch.bootstrap import closed_security, ensure_database
from couch.centre_settings import CentreSettings
from couch.client import Server
from couch.errors import Fault, NotFound, Refused
from couch.names import ADMINISTRATOR, ANALYST, MONTH_PREFIX, REGISTRY, RESEARCH, RESEARCHER, WORKER
from couch.private_files import write_private

_KEY_BYTES = 32


def set_up_centre(
    settings: CentreSettings, admin: Server, after_step: Callable[[str], None] = lambda _step: None
) -> None:
    """Make everything be there that the centre's programs need. `after_step` hears of each step that is done.

    Raises Fault (no administrator, the key lost, its folder unwritable), CouchError.
    """
    if "_admin" not in admin.session().roles:
        raise Fault("the account under [admin] in the settings is no administrator of the database server.")
    _refuse_new_key_beside_old_data(settings.pseudonym_key, admin)
    made = write_private(settings.pseudonym_key, secrets.token_hex(_KEY_BYTES) + "\n", replace=False)
    after_step("pseudonym key made" if made else "pseudonym key kept")
    for name in ("_users", "_replicator"):
        admin.create_database(name)
        after_step(name)
    try:
        admin.create_database("_global_changes")  # without it `_db_updates` answers 404 (design 11.5)
    except Refused:
        after_step("no _global_changes: this engine does without")
    else:
        after_step("_global_changes")
    ensure_database(admin, REGISTRY, "registry", closed_security((WORKER, RESEARCHER, ADMINISTRATOR)))
    after_step(REGISTRY)
    ensure_database(admin, RESEARCH, "research", closed_security((WORKER, RESEARCHER, ANALYST)))
    after_step(RESEARCH)
    admin.put_user(settings.worker.user, settings.worker.password.reveal(), [WORKER])
    after_step("the worker's account")


def _refuse_new_key_beside_old_data(key: Path, admin: Server) -> None:
    """A new key would publish every household a second time under other names."""
    if key.exists():
        return
    if admin.database_names(MONTH_PREFIX) or _has_documents(admin, RESEARCH):
        raise Fault(
            f"the pseudonym key {key} is missing although research holds data under its names. "
            "Restore the file from the backup; a new key would publish every household a second time."
        )


def _has_documents(admin: Server, name: str) -> bool:
    try:
        return bool(admin.database(name).info()["doc_count"])
    except NotFound:
        return False

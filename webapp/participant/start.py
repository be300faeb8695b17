"""From the settings to the running page of a device."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from couch.client import Database
from couch.clock import clock_from_environment
from couch.errors import Fault
from couch.names import replica_database
from couch.settings import load
from webapp.connections import PerThread
from webapp.factory import create_app
from webapp.moments import zone_named
from webapp.participant.household_code import HouseholdDoor, checked_hash, hash_code, make_code
from webapp.participant.memory import hand_memory_back
from webapp.participant.services import DeviceServices
from webapp.participant.site import device_site
from webapp.serving import serve
from webapp.session_secret import session_secret
from webapp.settings import PageSettings

_THREADS = 2  # one household; each costs memory


def load_settings(file: Path, environ: Mapping[str, str]) -> PageSettings:
    """The settings, with paths relative to the file's folder made whole. Raises SettingsError."""
    settings = load(PageSettings, file=file, environ=environ, prefix="PAGE")
    return msgspec.structs.replace(
        settings,
        household_code_file=file.parent / settings.household_code_file,
        session_secret_file=file.parent / settings.session_secret_file,
    )


def renew_code(settings: PageSettings) -> str:
    """Make a code, store its hash (mode 600) and return the code: this is the only time it can be read."""
    code, file = make_code(), settings.household_code_file
    fresh = file.with_name(file.name + ".new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(hash_code(code) + "\n")
        fresh.replace(file)
    except OSError as err:
        raise Fault(
            f"the household code cannot be stored in {file} ({err.strerror}): "
            "make its folder writable or set `household_code_file` to another place"
        ) from err
    return code


def run(settings: PageSettings, environ: Mapping[str, str]) -> None:
    """Serve until told to stop. Raises Fault."""
    hand_memory_back()
    clock, zone = clock_from_environment(environ), zone_named(settings.timezone)
    door = HouseholdDoor(_code_hash(settings))

    def connect() -> Database:
        server = settings.local.server(timeout_s=settings.timeout_s)
        return server.database(replica_database(settings.device))

    services = DeviceServices(
        replica=PerThread(connect),
        device=settings.device,
        household=settings.household,
        clock=clock,
        timezone=zone,
    )
    app = create_app(
        device_site(services, door),
        secret=session_secret(settings.session_secret_file),
        cookie=f"survey_page_{settings.device[:8]}",  # two devices of a demo share the host
        names=settings.names,
    )
    serve(app, bind=settings.bind, port=settings.port, threads=_THREADS)


def _code_hash(settings: PageSettings) -> str:
    if settings.household_code_hash is not None:
        return checked_hash(settings.household_code_hash.reveal())
    try:
        return checked_hash(settings.household_code_file.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as err:
        why = (err.strerror or "").lower() if isinstance(err, OSError) else "it is no text"
        raise Fault(
            f"the household code's hash cannot be read from {settings.household_code_file} ({why}): "
            "`survey edge page --config FILE --new-code` makes a code and stores its hash"
        ) from err

"""From the settings to the running page of a device."""

from collections.abc import Callable, Mapping
from functools import partial

from couch.client import Database
from couch.clock import clock_from_environment
from couch.erasure_marker import ErasureMarker, read_marker
from couch.errors import Fault
from couch.names import replica_database
from couch.private_files import write_private
from couch.process_memory import hand_memory_back
from webapp.connections import PerThread
from webapp.factory import create_app
from webapp.home_network import networks
from webapp.moments import zone_named
from webapp.participant.erasure import find_marker
from webapp.participant.household_code import HouseholdDoor, checked_hash, hash_code, make_code
from webapp.participant.services import DeviceServices
from webapp.participant.sessions import PageSessions
from webapp.participant.site import device_site
from webapp.serving import serve
from webapp.session_secret import session_secret
from webapp.settings import PageSettings

_THREADS = 2  # one household; each costs memory


def renew_code(settings: PageSettings) -> str:
    """Make a code, store its hash (mode 600) and return the code: this is the only time it can be read.

    A page that runs takes it up at once, and whoever came in by the old one has to type the new one.
    """
    if settings.household_code_hash is not None:
        raise Fault(
            "`household_code_hash` stands in the settings (or SURVEY_PAGE_HOUSEHOLD_CODE_HASH in the "
            "environment) and a new code would change nothing: remove it there first"
        )
    if read_marker(settings.erasure_file) is not None:
        raise Fault(
            f"{settings.erasure_file} says that this device's household was erased: its page shows that to "
            "everybody, and a code would open nothing"
        )
    code = make_code()
    write_private(settings.household_code_file, hash_code(code) + "\n")
    return code


def run(settings: PageSettings, environ: Mapping[str, str]) -> None:
    """Serve until told to stop. Raises Fault."""
    hand_memory_back()
    clock, zone = clock_from_environment(environ), zone_named(settings.timezone)
    home = networks(settings.home_networks)

    def connect() -> Database:
        server = settings.local.server(timeout_s=settings.timeout_s)
        return server.database(replica_database(settings.device))

    replica = PerThread(connect)
    erasure = partial(find_marker, settings.erasure_file, replica, settings.device, settings.household)
    door = HouseholdDoor(lambda: _code_hash_of(settings, erasure))
    door.stored()  # a missing code is said now, not to the first visitor
    services = DeviceServices(
        replica=replica,
        device=settings.device,
        household=settings.household,
        clock=clock,
        timezone=zone,
        erasure=erasure,
        contact=settings.contact,
    )
    app = create_app(
        device_site(
            services,
            door,
            PageSessions(lambda: door.key, idle_s=settings.session_idle_s, longest_s=settings.session_s),
        ),
        secret=session_secret(settings.session_secret_file),
        cookie=f"survey_page_{settings.device[:8]}",  # two devices of a demo share the host
        names=settings.names,
        https=settings.https,
        home=home,
    )
    serve(
        app,
        bind=settings.bind,
        port=settings.port,
        threads=_THREADS,
        trusted_proxy=settings.trusted_proxy,
    )


def _code_hash_of(settings: PageSettings, erasure: Callable[[], ErasureMarker | None]) -> str:
    """The code's hash; one that nothing matches where the agent erased it with all else."""
    try:
        return _code_hash(settings)
    except Fault:
        if erasure() is None:
            raise
        return ""


def _code_hash(settings: PageSettings) -> str:
    if settings.household_code_hash is not None:
        return checked_hash(settings.household_code_hash.reveal())
    try:
        mode = settings.household_code_file.stat().st_mode
        found = checked_hash(settings.household_code_file.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as err:
        why = (err.strerror or "").lower() if isinstance(err, OSError) else "it is no text"
        raise Fault(
            f"the household code's hash cannot be read from {settings.household_code_file} ({why}): "
            "`survey edge page --config FILE --new-code` makes a code and stores its hash"
        ) from err
    if mode & 0o077:
        raise Fault(
            f"the household code's hash can be read by others: chmod 600 {settings.household_code_file}"
        )
    return found

"""The worker as a service: settings, accounts and key checked before the first visit."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from anonymizer.connections import Centre, Connect
from anonymizer.drawing import LocationDraw
from anonymizer.household_visit import HouseholdVisitor
from anonymizer.leases import Leases
from anonymizer.metrics import Metrics
from anonymizer.parking import Parking
from anonymizer.proof.hold import never_waits, waits_for_search
from anonymizer.proof.issuing import CertificatesOf, no_certificates, receipt_teller
from anonymizer.pseudonyms import Pseudonyms, load_pseudonyms
from anonymizer.revocation import Draw, Revocation
from anonymizer.worker import Worker
from couch.centre_settings import CentreSettings, load_centre_settings
from couch.clock import Clock, clock_from_environment
from couch.errors import Fault, Unreachable
from couch.names import REGISTRY, RESEARCH, WORKER

_log = logging.getLogger(__name__)
_ASK_AGAIN_S = 1.0


def run_worker(
    config: Path,
    environ: Mapping[str, str],
    stop: threading.Event,
    *,
    once: bool,
    ready: Callable[[str], None],
    certificates: Callable[[Path], CertificatesOf] = lambda _folder: no_certificates,
) -> None:
    """Run until `stop` is set, or, `once`, until everything is taken.

    `ready` hears the centre's address when the accounts are let in; `certificates` reads those of a
    household out of the certificate authority's folder.
    Raises Fault (settings, key, a centre that was not set up, households given up), CouchError.
    """
    settings = load_centre_settings(config, environ)
    pseudonyms = load_pseudonyms(settings.pseudonym_key)
    clock = clock_from_environment(dict(environ))

    def connect() -> Centre:
        return Centre(settings.admin_server(), settings.worker_server())

    with connect() as centre:
        if not _ready(settings, centre, stop, wait=not once):
            return
    ready(settings.url)
    worker = make_worker(settings, pseudonyms, connect, clock, certificates=certificates(settings.ca_folder))
    with _metrics_port(settings, worker):
        if not once:
            worker.run(stop)
            return
        given_up = worker.catch_up(stop)
    if given_up:
        raise Fault(
            f"{given_up} households could not be taken; the lines above say why. "
            "Mend that and start it again: nothing is lost and nothing is done twice."
        )


def make_worker(
    settings: CentreSettings,
    pseudonyms: Pseudonyms,
    connect: Connect,
    clock: Clock,
    draw: Draw | None = None,
    *,
    certificates: CertificatesOf = no_certificates,
) -> Worker:
    """The worker with the visitors that do its work.

    `draw` None: in the regions that were imported. `certificates`: of a household, for its receipt.
    """
    metrics = Metrics()
    parking = Parking(clock, metrics, settings.tries)
    revocation = Revocation(
        pseudonyms,
        parking,
        metrics,
        clock,
        draw or LocationDraw(settings.geodata, settings.blurring),
        settings.blurring,
        waits=waits_for_search if settings.proof.hold else never_waits,
        ended=receipt_teller(settings, clock, certificates),
    )

    def make_visitor(household: str) -> HouseholdVisitor:
        return HouseholdVisitor(
            household, pseudonyms, parking, metrics, settings.batch_documents, revocation, clock
        )

    leases = Leases(settings.slices, settings.lease_s, clock)
    return Worker(settings, connect, make_visitor, metrics, leases)


@contextmanager
def _metrics_port(settings: CentreSettings, worker: Worker) -> Iterator[None]:
    """The worker's numbers on a port where the settings name one. Raises Fault where it is taken."""
    if settings.metrics_port is None:
        yield
        return
    from anonymizer.exposition import WorkerCollector, exposed  # noqa: PLC0415 - only where it is wanted

    collector = WorkerCollector(worker.metrics, worker.backlog, lambda: worker.standing)
    with exposed(settings.metrics_port, collector) as port:
        _log.info("metrics on http://127.0.0.1:%d/metrics", port)
        yield


def _ready(settings: CentreSettings, centre: Centre, stop: threading.Event, *, wait: bool) -> bool:
    """Wait for the database; check that both accounts and the databases are there. False: stopped."""
    said = False
    while True:
        try:
            roles = centre.worker.session().roles
            admin_roles = centre.admin.session().roles
            break
        except Unreachable:
            if not wait:
                raise
            if not said:
                _log.warning("%s does not answer yet; waiting for it", settings.url)
                said = True
            if stop.wait(_ASK_AGAIN_S):
                return False
    if "_admin" not in admin_roles:
        raise Fault("the account under [admin] in the settings is no administrator of the database server.")
    if WORKER not in roles:
        raise Fault(
            "the account under [worker] in the settings lacks the role worker. Run survey centre init with "
            "the same settings."
        )
    for name in (REGISTRY, RESEARCH):
        if not centre.admin.database(name).exists():
            raise Fault(
                f"the centre has no database {name} yet. Run survey centre init with the same settings."
            )
    return True

"""The centre's pages, put together, and from their settings to the running service."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint

from couch.clock import clock_from_environment
from couch.names import ANALYST, RESEARCHER
from couch.secret import Secret, secret_from_file
from webapp.accounts import pages as account_pages
from webapp.accounts.account import ROLES
from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.administration import link_terms
from webapp.accounts.directory import Directory
from webapp.accounts.door import AccountDoor
from webapp.accounts.passwords import Passwords
from webapp.accounts.services import AccountServices
from webapp.accounts.sessions import AccountSessions
from webapp.administrator import sections as administrator
from webapp.administrator.releases import with_release
from webapp.analyst import pages as analyst_pages
from webapp.analyst.anonymity.regions import RegionOf, unknown_region
from webapp.analyst.export_services import ExportServices
from webapp.analyst.keeper_start import kept_months
from webapp.analyst.releases import pages as release_pages
from webapp.analyst.releases.start import release_services, watched
from webapp.api.start import device_api
from webapp.centre_services import CentreServices
from webapp.connections import PerThread
from webapp.factory import create_app
from webapp.moments import zone_named
from webapp.registration.pages import blueprint as registration_pages
from webapp.registration.services import RegistrationServices
from webapp.researcher.sections import BLUEPRINTS as RESEARCHER_PAGES
from webapp.researcher.sections import SECTIONS as RESEARCHER_SECTIONS
from webapp.serving import serve
from webapp.session_secret import session_secret
from webapp.settings import CentreWebSettings
from webapp.site import Section, Site
from webapp.translation import marked
from webapp.upload_limits import larger_paths

_log = logging.getLogger(__name__)


# What survey.py adds to the pages, for machines: it alone knows the packages that these work with.
More = Callable[[CentreWebSettings, CentreServices], Sequence[Blueprint]]


def centre_site(services: CentreServices, more: Sequence[Blueprint] = ()) -> Site:
    """The site of the centre; `more`: what it serves machines with."""
    return Site(
        title=marked("Household energy survey: centre"),
        unreachable_template="centre/unreachable.html",
        door=services.accounts.door,
        sessions=services.accounts.sessions,
        blueprints=(
            *administrator.BLUEPRINTS,
            *RESEARCHER_PAGES,
            registration_pages,
            analyst_pages.blueprint,
            release_pages.releases,
            release_pages.data,
            account_pages.blueprint,
            *more,
        ),
        sections=(
            administrator.HEALTH,
            *RESEARCHER_SECTIONS,
            Section("analyst.form", marked("Export"), frozenset({RESEARCHER, ANALYST})),
            Section("releases.overview", marked("Data sets"), frozenset({RESEARCHER, ANALYST})),
            administrator.ACCOUNTS,
            Section("accounts.own", marked("Your account"), frozenset(ROLES)),
        ),
        services=services,
        clock=services.clock,
        timezone=services.timezone,
        domains=("researcher", "registration", "administrator", "analyst"),
    )


def account_services(settings: CentreWebSettings) -> AccountServices:
    """The accounts behind the settings. Raises Fault."""
    file, passwords = AccountsFile(settings.accounts_file), Passwords()
    directory = Directory(file)
    return AccountServices(
        directory=directory,
        sessions=AccountSessions(file, settings.session_idle_s, settings.session_s),
        passwords=passwords,
        door=AccountDoor(directory, passwords),
        links=link_terms(settings),
    )


def own_names(settings: CentreWebSettings) -> tuple[str, ...]:
    """The host names that the pages answer to: those in the settings, and the one that links begin with."""
    host = urlsplit(settings.address or "").hostname
    return (*settings.names, host) if host else settings.names


def run(
    settings: CentreWebSettings,
    environ: Mapping[str, str],
    more: More | None = None,
    registration: RegistrationServices | None = None,
    regions: Callable[[Path], RegionOf] | None = None,
) -> None:
    """Serve pages, the REST API where its keys are named, and `more`, until told to stop. Raises Fault.

    `registration`: who can register households; None: the pages say how to do it instead. `regions`: opens
    the imported regions, for exports by region.
    """
    server = PerThread(lambda: settings.couchdb.server(timeout_s=settings.timeout_s))
    clock = clock_from_environment(environ)
    exports = ExportServices(
        kept_folder=settings.kept_folder,
        anonymity=settings.anonymity,
        region_of=regions(settings.geodata) if regions else unknown_region,
    )
    releases = release_services(settings, server, clock, exports.source)
    services = CentreServices(
        server=server,
        accounts=account_services(settings),
        clock=clock,
        timezone=zone_named(settings.timezone),
        registration=registration,
        thresholds=with_release(settings.health),
        metrics_token=_metrics_token(settings),
        exports=exports,
        releases=releases,
    )
    if settings.https and settings.trusted_proxy is None:
        _log.warning(
            "https is set but no trusted_proxy: every caller seems to come from the proxy, "
            "so one who guesses passwords slows down all; set trusted_proxy to its address"
        )
    app = create_app(
        centre_site(services, [*device_api(settings, services), *(more(settings, services) if more else ())]),
        secret=session_secret(settings.session_secret_file),
        cookie="survey_centre",
        names=own_names(settings),
        https=settings.https,
    )
    with _kept_ready(services), kept_months(settings, server, clock), watched(releases):
        serve(
            app,
            bind=settings.bind,
            port=settings.port,
            threads=settings.threads,
            trusted_proxy=settings.trusted_proxy,
            larger=larger_paths(app),
        )


def _metrics_token(settings: CentreWebSettings) -> Secret | None:
    """What Prometheus has to show; None: there are no metrics. Raises Fault."""
    return None if settings.metrics_token_file is None else secret_from_file(settings.metrics_token_file)


@contextmanager
def _kept_ready(services: CentreServices) -> Iterator[None]:
    """A thread keeps the copy of the registry and the judgement of all devices, so that no page waits."""
    stop = threading.Event()
    keeper = threading.Thread(
        target=services.registry.keep, args=(stop, services.fleet.look), name="registry", daemon=True
    )
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()

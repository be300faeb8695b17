"""The centre's pages, put together, and from their settings to the running service."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from couch.client import Server, Session
from couch.clock import clock_from_environment
from couch.names import ADMINISTRATOR, ANALYST, RESEARCHER
from couch.settings import load
from webapp.analyst import pages as analyst_pages
from webapp.centre_door import AskCouchDB, CentreDoor
from webapp.centre_services import CentreServices
from webapp.connections import PerThread
from webapp.factory import create_app
from webapp.moments import zone_named
from webapp.researcher import pages as researcher_pages
from webapp.serving import serve
from webapp.session_secret import session_secret
from webapp.settings import CentreWebSettings
from webapp.site import Section, Site
from webapp.translation import marked

_SESSION_S = 8 * 3600  # a working day; roles taken away in CouchDB end with it at the latest
_SIGN_IN_WITHIN_S = 10.0


def centre_site(services: CentreServices, ask: AskCouchDB) -> Site:
    """The site of the centre; `ask` checks names and passwords."""
    return Site(
        title=marked("Household energy survey: centre"),
        unreachable_template="centre/unreachable.html",
        door=CentreDoor(ask),
        blueprints=(researcher_pages.blueprint, analyst_pages.blueprint),
        sections=(
            Section("researcher.households", marked("Households"), frozenset({RESEARCHER, ADMINISTRATOR})),
            Section("analyst.form", marked("Export"), frozenset({RESEARCHER, ANALYST})),
        ),
        services=services,
        clock=services.clock,
        timezone=services.timezone,
        lifetime_s=_SESSION_S,
    )


def load_settings(file: Path, environ: Mapping[str, str]) -> CentreWebSettings:
    """The settings, with paths relative to the file's folder made whole. Raises SettingsError."""
    settings = load(CentreWebSettings, file=file, environ=environ, prefix="CENTRE_WEB")
    return msgspec.structs.replace(settings, session_secret_file=file.parent / settings.session_secret_file)


def run(settings: CentreWebSettings, environ: Mapping[str, str]) -> None:
    """Serve until told to stop. Raises Fault."""

    def ask(name: str, password: str) -> Session:
        server = Server(settings.couchdb.url, user=name, password=password, timeout_s=_SIGN_IN_WITHIN_S)
        try:
            return server.session()
        finally:
            server.close()

    services = CentreServices(
        server=PerThread(lambda: settings.couchdb.server(timeout_s=settings.timeout_s)),
        clock=clock_from_environment(environ),
        timezone=zone_named(settings.timezone),
    )
    app = create_app(
        centre_site(services, ask),
        secret=session_secret(settings.session_secret_file),
        cookie="survey_centre",
        names=settings.names,
        https=settings.https,
    )
    serve(app, bind=settings.bind, port=settings.port, threads=settings.threads)

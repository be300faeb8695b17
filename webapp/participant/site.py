"""The device's page, put together."""

from webapp.access import PARTICIPANT
from webapp.participant import consent_pages, install_pages, own_data_pages, pages, report_pages
from webapp.participant.energy import pages as energy_pages
from webapp.participant.household_code import HouseholdDoor
from webapp.participant.services import DeviceServices
from webapp.participant.sessions import PageSessions
from webapp.site import Section, Site
from webapp.translation import marked


def device_site(services: DeviceServices, door: HouseholdDoor, sessions: PageSessions) -> Site:
    """The site of one device; asks nothing but `services.replica`."""
    mine = frozenset({PARTICIPANT})
    return Site(
        title=marked("Household energy survey"),
        unreachable_template="participant/unreachable.html",
        door=door,
        sessions=sessions,
        blueprints=(
            pages.blueprint,
            energy_pages.blueprint,
            consent_pages.blueprint,
            report_pages.blueprint,
            own_data_pages.blueprint,
            install_pages.blueprint,
        ),
        sections=(
            Section("participant.overview", marked("Overview"), mine),
            Section("energy.now", marked("Measurements"), mine),
            Section("consent.state", marked("Consent"), mine),
            Section("participant.registration", marked("Registration"), mine),
            Section("own_data.explained", marked("Your data"), mine),
        ),
        services=services,
        clock=services.clock,
        timezone=services.timezone,
        domains=("participant", "energy"),
        head_template="participant/app_links.html",
    )

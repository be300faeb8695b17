"""The device's page, put together."""

from webapp.access import PARTICIPANT
from webapp.participant import pages
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
        blueprints=(pages.blueprint,),
        sections=(
            Section("participant.overview", marked("Overview"), mine),
            Section("participant.measurements", marked("Measurements"), mine),
            Section("participant.consent", marked("Consent"), mine),
            Section("participant.registration", marked("Registration"), mine),
        ),
        services=services,
        clock=services.clock,
        timezone=services.timezone,
        domains=("participant", "energy"),
    )

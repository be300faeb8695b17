"""The registry as researchers and administrators read it through the API."""

from itertools import islice

from couch.client import Database
from couch.documents import DeviceSummary, HouseholdSummary
from couch.errors import BadDocument
from webapp.api import resources

_PREFIX = "household:"
_LAST = "\ufff0"


def read_page(
    registry: Database, start: str | None, limit: int
) -> tuple[tuple[resources.ManagedHousehold, ...], str | None]:
    """Households from the uuid `start` on, and the uuid that begins the next page.

    Uuids and not names stand in addresses, so that no log holds a person's name. Summaries that break their
    model are left out.
    """
    rows = registry.documents(start=_PREFIX + (start or ""), end=_PREFIX + _LAST, page=limit + 1)
    docs = list(islice(rows, limit + 1))
    found = []
    for doc in docs[:limit]:
        try:
            found.append(_household_of(HouseholdSummary.from_json(doc)))
        except BadDocument:
            continue  # the researchers' page names it
    following = str(docs[limit]["_id"]).removeprefix(_PREFIX) if len(docs) > limit else None
    return tuple(found), following


def _household_of(summary: HouseholdSummary) -> resources.ManagedHousehold:
    return resources.ManagedHousehold(
        household=summary.household,
        name=summary.name,
        email=summary.email,
        city=summary.city,
        consent=resources.Consent(
            state=summary.consent, granted_at=summary.granted_at, revoked_at=summary.revoked_at
        ),
        last_slot=summary.last_slot,
        meters=summary.meters,
        devices=tuple(_device_of(device) for device in summary.devices),
    )


def _device_of(device: DeviceSummary) -> resources.ManagedDevice:
    return resources.ManagedDevice(
        device=device.device,
        name=device.name,
        last_activity=device.heartbeat_at,
        last_measurement=device.last_measurement,
        last_pull=device.last_pull,
        last_push=device.last_push,
        backlog=device.backlog,
        refused=device.refused,
        versions=dict(device.versions),
        errors=device.errors,
    )

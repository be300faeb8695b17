"""The centre's validator, called directly: without a grant in effect no measurement comes in, by any way."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from couch.bootstrap import ensure_database, raise_consent, replica_security
from couch.documents import ConsentState, Gap
from couch.errors import Refused
from couch.names import DEVICE_ACCOUNTS


def put(database: Any, doc: dict[str, Any]) -> None:
    database.put(doc)


def bulk(database: Any, doc: dict[str, Any]) -> None:
    [result] = database.bulk([doc])
    if result.error is not None:
        raise Refused(result.reason or "", error=result.error)


def replicate(database: Any, doc: dict[str, Any]) -> None:
    forged = {**doc, "_rev": "1-" + "a" * 32, "_revisions": {"start": 1, "ids": ["a" * 32]}}
    for result in database.bulk([forged], new_edits=False):
        raise Refused(result.reason or "", error=result.error or "")


Write = Callable[[Any, dict[str, Any]], None]
WAYS = [put, bulk, replicate]


@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize("who", ["as_device", "worker", "admin"])
def test_before_the_grant_nobody_stores_a_measurement(write: Write, who: str, centre: Any) -> None:
    household = centre.household()
    with pytest.raises(Refused):
        write(getattr(household, who), household.measurement(0).to_json())
    assert household.admin.find(household.measurement(0).id) is None


@pytest.mark.parametrize("write", WAYS)
def test_the_document_of_the_grant_alone_lets_nothing_in(write: Write, centre: Any) -> None:
    household = centre.household()
    household.consent("granted")
    with pytest.raises(Refused, match="not granted"):
        write(household.as_device, household.measurement(0).to_json())


@pytest.mark.parametrize("write", WAYS)
def test_while_granted_the_device_stores_measurements(write: Write, centre: Any) -> None:
    household = centre.household()
    raise_consent(household.admin, ConsentState.GRANTED)
    write(household.as_device, household.measurement(0).to_json())
    assert household.admin.find(household.measurement(0).id) is not None


@pytest.mark.parametrize("write", WAYS)
def test_after_the_revocation_nothing_is_stored(write: Write, centre: Any) -> None:
    household = centre.household()
    raise_consent(household.admin, ConsentState.GRANTED)
    raise_consent(household.admin, ConsentState.REVOKED)
    with pytest.raises(Refused, match="not granted"):
        write(household.as_device, household.measurement(0).to_json())


def test_gaps_need_the_grant_too(centre: Any) -> None:
    household = centre.household()
    slot = household.measurement(0).slot
    gap = Gap(
        meter=household.meter, from_slot=slot, to_slot=slot, cause="locked", device=household.device
    ).to_json()
    with pytest.raises(Refused, match="not granted"):
        household.as_device.put(gap)
    raise_consent(household.admin, ConsentState.GRANTED)
    household.as_device.put(gap)


def test_nobody_makes_a_revoked_household_granted_again_by_a_forged_revision(centre: Any) -> None:
    household = centre.household()
    household.consent("revoked")
    tombstone = {
        "_id": "consent:revoked",
        "_deleted": True,
        "_rev": "99-" + "f" * 32,
        "_revisions": {"start": 99, "ids": ["f" * 32]},
    }
    [refused] = household.as_device.bulk([tombstone], new_edits=False)
    assert refused.error == "forbidden"
    assert household.as_device.get("consent:revoked")["state"] == "revoked"


def test_the_device_s_replica_has_the_same_rules(centre: Any) -> None:
    device = str(uuid.uuid4())
    name = f"replica-{device}"
    centre.households.append(name)
    admin = ensure_database(centre.admin, name, "replica", replica_security())
    agent = centre.new_account(*DEVICE_ACCOUNTS[:1]).database(name)
    measurement = centre.household().measurement(0).to_json()
    with pytest.raises(Refused, match="not granted"):
        agent.put(measurement)
    raise_consent(admin, ConsentState.GRANTED)
    agent.put(measurement)

"""Revoking a device: in the records at once, which the gateway asks at every request."""

from datetime import datetime

from couch.errors import Fault
from provisioning.ca.names import checked_uuid
from provisioning.ca.revocation_list import Reason
from provisioning.onboarding import CentreMemory


def revoke_device(memory: CentreMemory, device: str, reason: Reason, now: datetime) -> tuple[str, ...]:
    """Revoke every certificate of the device, ended ones too, and its code; the serials that this changed.

    The code goes first: what is issued from then on is taken back by enrolment itself. Doing it again changes
    nothing. `crl.pem` is signed anew elsewhere, since that needs the pass phrase. Raises Fault for a device
    that nobody knows.
    """
    household = household_of(memory, checked_uuid(device, "device"))
    memory.store.cancel_code(device, household, now)
    records = memory.records.of_device(device)
    return tuple(record.serial for record in records if memory.records.revoke(record.serial, now, reason))


def household_of(memory: CentreMemory, device: str) -> str:
    """The household that the device was made for. Raises Fault for a device that nobody knows."""
    code = memory.store.code(device)
    if code is not None:
        return code.household
    for record in memory.records.of_device(device):
        if record.household is not None:
            return record.household
    raise Fault(f"there is no device {device}. See: survey device list")

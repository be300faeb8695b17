"""Where what a device says of itself and what the centre sees do not agree. Pure.

Neither is proof alone: a device may be wrong about itself, and checkpoints are documents that anybody with
its key could write.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from couch.documents import ConsentState, DeviceSummary, HouseholdSummary
from webapp.administrator.judgement import clock_differs
from webapp.administrator.thresholds import Thresholds


class Contradiction(StrEnum):
    """What does not agree."""

    MEASURED_NOT_ARRIVED = "measured_not_arrived"  # it says that it measured, the centre has nothing so new
    NOTHING_WAITS = "nothing_waits"  # and it says that nothing waits
    ARRIVED_NOT_MEASURED = "arrived_not_measured"  # the centre has newer ones than it says to have measured
    HEARD_NOT_SENT = "heard_not_sent"  # heartbeats arrive, and it says that it has not sent for long
    PARKED_NOT_REFUSED = "parked_not_refused"  # the centre could not take documents, it knows of none refused
    CLOCK = "clock"
    CERTIFICATE = "certificate"  # the authority issued a newer one than it uses


def contradictions(
    device: DeviceSummary,
    household: HouseholdSummary,
    limits: Thresholds,
    *,
    parked: int = 0,
    issued_until: datetime | None = None,
) -> list[Contradiction]:
    """`parked`: documents of the household; `issued_until`: end of the newest certificate, None: unknown.

    Where a household has several devices, its newest measurement may be another's.
    """
    if device.heartbeat_at is None or household.erased:
        return []
    found = []
    alone = len(household.devices) == 1
    measured, arrived = device.last_measurement, household.last_slot
    if measured is not None and household.consent is ConsentState.GRANTED:
        if arrived is None or measured - arrived > limits.late:
            found.append(Contradiction.MEASURED_NOT_ARRIVED)
            if device.backlog == 0:
                found.append(Contradiction.NOTHING_WAITS)
        elif alone and arrived - measured > timedelta(minutes=15):
            found.append(Contradiction.ARRIVED_NOT_MEASURED)
    if device.last_push is None or device.heartbeat_at - device.last_push > limits.late:
        found.append(Contradiction.HEARD_NOT_SENT)
    if parked and not device.refused:
        found.append(Contradiction.PARKED_NOT_REFUSED)
    if clock_differs(device, limits) is not None:
        found.append(Contradiction.CLOCK)
    used = device.certificate_ends
    if issued_until is not None and used is not None and issued_until - used > timedelta(hours=1):
        found.append(Contradiction.CERTIFICATE)
    return found

"""What `survey edge status` shows: read from the replica alone, so it works without the centre."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from couch.bootstrap import document_consent, security_consent
from couch.documents import ConsentState, Heartbeat, stamp
from couch.errors import Fault
from edge import heartbeat, reconcile
from edge.centre_identity import identity_of, state_at
from edge.links import Links
from edge.reconcile import RefusalLedger
from edge.settings import DeviceSettings


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """`consent` as the documents say, `rules` as the replica's `_security` says it to the validator.

    `certificate`: its state in real time, in words; None where the centre is reached without TLS.
    """

    device: str
    household: str
    consent: ConsentState
    rules: ConsentState
    heartbeat: Heartbeat | None
    refusals: RefusalLedger | None
    certificate: str | None = None

    def to_json(self) -> dict[str, Any]:
        """For scripts; times RFC 3339 UTC."""
        beat = None if self.heartbeat is None else self.heartbeat.to_json()
        shown = {
            name: getattr(self, name)
            for name in ("device", "household", "consent", "rules", "refusals", "certificate")
        }
        return {**msgspec.to_builtins(shown), "heartbeat": beat}


def device_status(settings: DeviceSettings) -> DeviceStatus:
    """Raises CouchError when the device's own database cannot be read."""
    own = Links(settings).replica(settings.local.agent)
    return DeviceStatus(
        settings.device,
        settings.household,
        document_consent(own),
        security_consent(own.security()),
        heartbeat.last_kept(own),
        reconcile.last_kept(own),
        _certificate(settings, datetime.now(UTC)),
    )


def _certificate(settings: DeviceSettings, now: datetime) -> str | None:
    identity = identity_of(settings.centre)
    if identity is None:
        return None
    try:
        facts = identity.facts()
    except Fault as err:
        return f"unreadable: {err}"
    if facts is None:
        return "absent: join first (survey edge join)"
    kind = ", farewell" if facts.farewell else ""
    return f"{state_at(facts, now)}{kind}, until {stamp(facts.not_after)}"


def status_lines(status: DeviceStatus) -> list[str]:
    """For people."""
    lines = [
        f"device {status.device} of household {status.household}",
        f"consent: {status.consent}"
        + ("" if status.rules is status.consent else f" (rules: {status.rules})"),
        *([] if status.certificate is None else [f"certificate: {status.certificate}"]),
    ]
    beat = status.heartbeat
    if beat is None:
        return [*lines, "no heartbeat yet: the agent has not run (survey edge run)"]
    backlog = "unknown" if beat.backlog is None else str(beat.backlog)
    lines += [
        f"heartbeat: {stamp(beat.at)}, clock {beat.clock}",
        f"last measurement: {_when(beat.last_measurement)}",
        f"last pull: {_when(beat.last_pull)}, last push: {_when(beat.last_push)}",
        f"waiting for the centre: {backlog} documents; refused there: {beat.refused}",
        *(f"trouble: {error}" for error in beat.errors),
    ]
    if status.refusals is not None:
        lines += [f"refused: {each.id}: {each.reason}" for each in status.refusals.refusals]
    return lines


def _when(moment: datetime | None) -> str:
    return "never" if moment is None else stamp(moment)

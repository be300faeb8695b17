"""What `survey edge status` shows: read from the replica alone, so it works without the centre."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from couch.bootstrap import document_consent, security_consent
from couch.documents import ConsentState, Heartbeat, stamp
from couch.erasure_marker import ErasureMarker
from couch.errors import Fault, NotFound
from couch.refusal_ledger import RefusalLedger, read_ledger
from edge import heartbeat
from edge.centre_identity import identity_of, state_at
from edge.erasure import marker_of
from edge.links import Links
from edge.settings import DeviceSettings


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """`consent` as the documents say, `rules` as the replica's `_security` says it to the validator.

    `certificate`: its state in real time, in words; None where the centre is reached without TLS, or there is
    nothing left to say there. `erasure` None: this device takes part.
    """

    device: str
    household: str
    consent: ConsentState
    rules: ConsentState
    heartbeat: Heartbeat | None
    refusals: RefusalLedger | None
    certificate: str | None = None
    erasure: ErasureMarker | None = None

    def to_json(self) -> dict[str, Any]:
        """For scripts; times RFC 3339 UTC."""
        beat = None if self.heartbeat is None else self.heartbeat.to_json()
        shown = {
            name: getattr(self, name)
            for name in ("device", "household", "consent", "rules", "refusals", "certificate", "erasure")
        }
        return {**msgspec.to_builtins(shown), "heartbeat": beat}


def device_status(settings: DeviceSettings) -> DeviceStatus:
    """Raises CouchError when the device's own database cannot be read."""
    erasure = marker_of(settings)
    if erasure is not None:
        return _erased(settings, erasure)
    own = Links(settings).replica(settings.local.agent)
    return DeviceStatus(
        settings.device,
        settings.household,
        document_consent(own),
        security_consent(own.security()),
        heartbeat.last_kept(own),
        read_ledger(own),
        _certificate(settings, datetime.now(UTC)),
    )


def _erased(settings: DeviceSettings, erasure: ErasureMarker) -> DeviceStatus:
    revoked = ConsentState.REVOKED
    try:
        beat = heartbeat.last_kept(Links(settings).replica(settings.local.agent))
    except NotFound:
        beat = None  # the replica is being made anew
    certificate = None if erasure.confirmed_at else _certificate(settings, datetime.now(UTC))
    return DeviceStatus(
        settings.device, settings.household, revoked, revoked, beat, None, certificate, erasure
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
    if status.erasure is not None:
        return [*lines, *_erasure_lines(status.erasure), *_troubles(beat)]
    if beat is None:
        return [*lines, "no heartbeat yet: the agent has not run (survey edge run)"]
    backlog = "unknown" if beat.backlog is None else str(beat.backlog)
    lines += [
        f"heartbeat: {stamp(beat.at)}, clock {beat.clock}",
        f"last measurement: {_when(beat.last_measurement)}",
        f"last pull: {_when(beat.last_pull)}, last push: {_when(beat.last_push)}",
        f"waiting for the centre: {backlog} documents; refused there: {beat.refused}",
        *_troubles(beat),
    ]
    if status.refusals is not None:
        lines += [f"refused: {each.id}: {each.reason}" for each in status.refusals.refusals]
    return lines


def _erasure_lines(erasure: ErasureMarker) -> list[str]:
    unsent = "not counted yet" if erasure.unsent_measurements is None else str(erasure.unsent_measurements)
    return [
        f"the household was erased: told {stamp(erasure.told_at)}, this device measures nothing more",
        f"erased here: {_when(erasure.erased_at)}; unsent measurements among it: {unsent}",
        f"confirmed to the centre: {_when(erasure.confirmed_at)}",
    ]


def _troubles(beat: Heartbeat | None) -> list[str]:
    return [] if beat is None else [f"trouble: {error}" for error in beat.errors]


def _when(moment: datetime | None) -> str:
    return "never" if moment is None else stamp(moment)

"""What the centre knows about its devices' identities, for administrators; no names, no emails."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from couch.clock import to_rfc3339
from provisioning.ca.record import CertificateRecord
from provisioning.enrolment_codes import CodeRecord
from provisioning.enrolment_store import Return
from provisioning.onboarding import CentreMemory

State = Literal["invited", "code ended", "joined", "ended", "farewell", "revoked", "replaced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDevice:
    """`until`: of the newest certificate, or of the code while there is none. `returns`: when it came back
    although its certificate had ended."""

    household: str
    device: str
    state: State
    serial: str | None = None
    until: datetime | None = None
    replaced_by: str | None = None
    returns: tuple[datetime, ...] = ()

    def to_json(self) -> dict[str, object]:
        """For scripts; times RFC 3339 UTC."""
        return {
            "household": self.household,
            "device": self.device,
            "state": self.state,
            "serial": self.serial,
            "until": None if self.until is None else to_rfc3339(self.until),
            "replaced_by": self.replaced_by,
            "returns": [to_rfc3339(at) for at in self.returns],
        }

    def line(self) -> str:
        """For people."""
        until = "" if self.until is None else f" until {to_rfc3339(self.until)}"
        by = "" if self.replaced_by is None else f" by {self.replaced_by}"
        back = "" if not self.returns else f"; came back after its end at {to_rfc3339(self.returns[-1])}"
        return f"{self.household}  {self.device}  {self.state}{by}{until}{back}"


def listed_devices(memory: CentreMemory, now: datetime, household: str | None = None) -> list[ListedDevice]:
    """All devices, or those of one household, sorted by household. Raises Fault."""
    records: dict[str, list[CertificateRecord]] = {}
    for record in memory.records.all():
        if record.device is not None:
            records.setdefault(record.device, []).append(record)
    codes = {code.device: code for code in memory.store.codes()}
    replacements = memory.store.replacements()
    returns = memory.store.returns()
    devices = [
        _listed(
            device,
            codes.get(device),
            records.get(device, []),
            [back for back in returns if back.device == device],
            now,
            replaced_by=replacements[device].new if device in replacements else None,
        )
        for device in {*records, *codes}
    ]
    wanted = [each for each in devices if household in (None, each.household)]
    return sorted(wanted, key=lambda each: (each.household, each.device))


def _listed(
    device: str,
    code: CodeRecord | None,
    records: list[CertificateRecord],
    returns: list[Return],
    now: datetime,
    *,
    replaced_by: str | None,
) -> ListedDevice:
    newest = max(records, key=lambda record: record.not_after) if records else None
    household = code.household if code else (newest.household if newest else None)
    until = newest.not_after if newest else (code.expires_at if code else None)
    return ListedDevice(
        household=household or "",
        device=device,
        state="replaced" if replaced_by else _state(code, newest, now),
        serial=newest.serial if newest else None,
        until=until,
        replaced_by=replaced_by,
        returns=tuple(back.at for back in returns),
    )


def _state(code: CodeRecord | None, newest: CertificateRecord | None, now: datetime) -> State:
    if (code is not None and code.cancelled_at is not None) or (newest and newest.revoked_at is not None):
        return "revoked"
    if newest is None:
        return "invited" if code is not None and now < code.expires_at else "code ended"
    if newest.kind == "farewell":
        return "farewell"
    return "joined" if now <= newest.not_after else "ended"

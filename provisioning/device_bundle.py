"""Handing out bundles: a one-time code in the centre's memory, and the file for the Pi that holds it.

A repeated run leaves a bundle that can still be used as it is, makes another where the code has ended, and
none for a device that has joined. The code is remembered before the file is written: a bundle that stands
there whole is good.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

import msgspec

from couch.bundle import Bundle, BundleMeter, bundle_text, read_bundle
from couch.clock import to_rfc3339
from couch.errors import Fault
from couch.private_files import write_private
from couch.secret import Secret
from provisioning.ca.records import CertificateRecords
from provisioning.enrolment_codes import CODE_LIFETIME, CodeRecord, code_hash, matches, new_code
from provisioning.enrolment_store import EnrolmentStore
from provisioning.return_proof import GRACE


class Handing(Enum):
    """What became of a device's bundle."""

    MADE = "made"
    KEPT = "kept"  # the one that stands there can still be used
    JOINED = "joined"  # the device has its certificate
    REVOKED = "revoked"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    """What a bundle says besides the code."""

    household: str
    device: str
    name: str
    local_url: str
    meters: tuple[BundleMeter, ...]


@dataclass(frozen=True, slots=True)
class Handed:
    """`bundle`: the file; None where there is none to use. `expires`: of its code."""

    outcome: Handing
    bundle: Path | None = None
    expires: datetime | None = None

    def to_json(self) -> dict[str, object]:
        """For scripts; times RFC 3339 UTC."""
        return {
            "outcome": self.outcome.value,
            "bundle": None if self.bundle is None else str(self.bundle),
            "expires": None if self.expires is None else to_rfc3339(self.expires),
        }

    def in_words(self) -> str:
        if self.bundle is not None and self.expires is not None:
            return f"bundle {self.bundle}, good until {to_rfc3339(self.expires)}"
        return {
            Handing.JOINED: "it has joined",
            Handing.REVOKED: "it was revoked; give its meters to another: survey device replace",
            Handing.REPLACED: "another device took its place",
        }.get(self.outcome, self.outcome.value)


class BundleMaker:
    """Makes bundles for devices of one centre.

    `records` say who has joined; `root` is the CA's certificate (PEM); `centre_url` the address that devices
    use; `out` the folder of the bundles; `now` real time.
    """

    def __init__(
        self,
        store: EnrolmentStore,
        records: CertificateRecords,
        *,
        root: str,
        centre_url: str,
        out: Path,
        now: Callable[[], datetime],
    ) -> None:
        if not centre_url.startswith("https://"):
            raise Fault(
                "devices reach the centre over TLS only: set device_url in the centre's settings to its "
                'address for them, for example device_url = "https://centre.example.org:6984".'
            )
        self._store, self._records, self._now = store, records, now
        self._root, self._centre_url, self._out = root, centre_url, out

    def path(self, device: str) -> Path:
        return self._out / f"{device}.bundle.toml"

    def hand_out(self, entry: DeviceEntry) -> Handed:
        """See the module. Raises Fault."""
        path = self.path(entry.device)
        stands = self.standing(entry.device)
        if stands is not None and stands.outcome is not Handing.KEPT:
            return stands
        kept = self.kept(entry.device)
        if stands is not None and kept is not None:
            wanted = self._bundle(entry, kept.code, kept.made, kept.expires)
            if kept != wanted:  # the file of the household was completed since
                write_private(path, bundle_text(wanted))
            return stands
        return self._make(entry, path, self._now())

    def standing(self, device: str) -> Handed | None:
        """What became of the device so far, and the bundle that can still be used; None: there is none."""
        now, path = self._now(), self.path(device)
        code = self._store.code(device)
        if device in self._store.replacements():
            return Handed(Handing.REPLACED)
        if code is not None and code.cancelled_at is not None:
            return Handed(Handing.REVOKED)
        if self._has_joined(device, now):
            return Handed(Handing.JOINED)
        kept = self.kept(device)
        if kept is not None and code is not None and code.open_at(now) and matches(code, kept.code.reveal()):
            return Handed(Handing.KEPT, path, kept.expires)
        return None

    def kept(self, device: str) -> Bundle | None:
        """The bundle that an earlier run made, whether or not its code still holds."""
        return _bundle_in(self.path(device))

    def _has_joined(self, device: str, now: datetime) -> bool:
        """Whether it has a certificate that holds, or one that still brings it back."""
        return any(
            record.revoked_at is None and now <= record.not_after + GRACE
            for record in self._records.of_device(device)
        )

    def _make(self, entry: DeviceEntry, path: Path, now: datetime) -> Handed:
        secret = new_code()
        made = now.replace(microsecond=0)
        expires = made + CODE_LIFETIME
        self._store.put_code(
            CodeRecord(
                device=entry.device,
                household=entry.household,
                code_hash=code_hash(secret.reveal()),
                made_at=made,
                expires_at=expires,
            )
        )
        write_private(path, bundle_text(self._bundle(entry, secret, made, expires)))
        return Handed(Handing.MADE, path, expires)

    def _bundle(self, entry: DeviceEntry, code: Secret, made: datetime, expires: datetime) -> Bundle:
        return Bundle(
            household=entry.household,
            device=entry.device,
            name=entry.name,
            centre_url=self._centre_url,
            local_url=entry.local_url,
            code=code,
            made=made,
            expires=expires,
            ca=self._root.strip(),
            meters=entry.meters,
        )


def _bundle_in(path: Path) -> Bundle | None:
    """The bundle of an earlier run; None where there is none that can be used."""
    if not path.exists():
        return None
    try:
        found = read_bundle(path)
    except Fault:
        return None  # cut off or of another version: it is made anew
    return msgspec.structs.replace(found, ca=found.ca.strip())

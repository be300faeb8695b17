"""The issuing authority, as the services and the command line use it. It never needs the root's key."""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509

from couch.clock import to_rfc3339
from couch.errors import Fault
from couch.names import SCOPES
from couch.secret import Secret
from provisioning.ca import names, profile
from provisioning.ca.folder import existing_folder
from provisioning.ca.profile import Signer, Validity, pem
from provisioning.ca.publication import (
    issuing_signer,
    lists_due,
    living_issuers,
    publish,
    root_of,
    trust_bundle,
)
from provisioning.ca.record import CertificateRecord, Verdict, has_taken_over, record_of
from provisioning.ca.records import CertificateRecords
from provisioning.ca.revocation_list import Reason
from provisioning.ca.signing_request import public_key_of

_log = logging.getLogger("survey.ca")


def real_time() -> datetime:
    """Certificates follow real time, never a demo's clock (design section 3)."""
    return datetime.now(UTC)


class IssuingAuthority:
    """Issues and revokes. Safe to share between threads; other processes may use the same folder.

    Every certificate is recorded, durably, before it is returned. `records` answers what was issued.
    """

    def __init__(self, folder: Path, passphrase: Secret, *, now: Callable[[], datetime] = real_time) -> None:
        """Open the authority in `folder`.

        Raises Fault: no authority there, wrong pass phrase, unreadable key, a clock before the root's start.
        """
        self.folder = existing_folder(folder)
        self._passphrase = passphrase
        self._now = now
        self._signers: dict[str, Signer] = {}
        self._lock = threading.Lock()
        self.records = CertificateRecords(self.folder.records)
        try:
            self._load_signers(self._moment())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.records.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def issue_device(
        self,
        csr: bytes | str,
        device: str,
        household: str,
        email: str,
        scopes: Iterable[str] = SCOPES,
        *,
        lifetime: timedelta = profile.DEVICE_LIFETIME,
    ) -> str:
        """A device's certificate with its issuer's behind it, PEM; uuids lower case.

        It ends with its issuer's at the latest. Raises BadSigningRequest, Fault: also where the household
        is known as erased.
        """
        key = public_key_of(csr)
        who = profile.DeviceNames(
            device=names.checked_uuid(device, "device"),
            household=names.checked_uuid(household, "household"),
            email=names.email_name(email),
            scopes=names.checked_scopes(scopes),
        )
        if any(record.kind == "farewell" for record in self.records.of_household(household)):
            raise Fault(f"the household {household} was erased: its devices get farewell certificates only.")
        signer, validity = self._signer_for(lifetime)
        certificate = profile.device_certificate(signer, key, who, validity)
        record = record_of(certificate, signer.certificate, "device", device=device, household=household)
        return self._recorded(signer, certificate, record)

    def issue_farewell(self, csr: bytes | str, device: str, household: str, *, erased: bool) -> str:
        """The certificate of one day, without email and scopes, that lets a device confirm the erasure.

        `erased`: the caller has seen that the household's database is erased; without that it is refused.
        Raises BadSigningRequest, Fault.
        """
        key = public_key_of(csr)
        if not erased:
            raise Fault(f"the household {household} is not erased: renew its devices' certificates instead.")
        who = profile.DeviceNames(
            device=names.checked_uuid(device, "device"),
            household=names.checked_uuid(household, "household"),
            email=None,
            scopes=frozenset(),
        )
        signer, validity = self._signer_for(profile.FAREWELL_LIFETIME)
        certificate = profile.device_certificate(signer, key, who, validity)
        record = record_of(certificate, signer.certificate, "farewell", device=device, household=household)
        return self._recorded(signer, certificate, record)

    def issue_server(
        self, csr: bytes | str, dns: Iterable[str], lifetime: timedelta = profile.SERVER_LIFETIME
    ) -> str:
        """A server's certificate for DNS names with its issuer's behind it, PEM. Raises as `issue_device`."""
        key = public_key_of(csr)
        checked = names.dns_names(dns)
        signer, validity = self._signer_for(lifetime)
        certificate = profile.server_certificate(signer, key, checked, validity)
        listed = tuple(name.value for name in checked)
        record = record_of(certificate, signer.certificate, "server", names=listed)
        return self._recorded(signer, certificate, record)

    def revoke(
        self, *, serial: str | None = None, device: str | None = None, reason: Reason = "unspecified"
    ) -> tuple[str, ...]:
        """Revoke one certificate, or every one of a device that has not ended; the serials it changed.

        The records say so at once, then `crl.pem` is published. Doing it again changes nothing.
        Raises Fault: an unknown serial or device, or an authority's serial.
        """
        moment = self._moment()
        done = tuple(
            record.serial
            for record in self._to_revoke(serial, device, moment)
            if self.records.revoke(record.serial, moment, reason)
        )
        for changed in done:
            _log.info("revoked certificate %s: %s", changed, reason)
        self.crl()
        return done

    def is_revoked(self, serial: str) -> bool:
        """Whether a certificate must be refused: it or its issuer was revoked, or nobody issued it."""
        return self.records.verdict(serial) is not Verdict.GOOD

    def crl(self) -> str:
        """Sign the lists anew, publish them in `crl.pem`, and return them (PEM, the root's first)."""
        with self.folder.locked():  # the folder's before ours, everywhere
            moment = self._moment()
            with self._lock:
                signers = self._load_signers(moment)
            return publish(self.folder, self.records, signers, moment)

    def crl_due(self) -> bool:
        """Whether `crl.pem` should be published anew: half of its time is over, or it lacks something."""
        return lists_due(self.folder, self.records, self._moment()) is not None

    def chain(self) -> str:
        """The certificate of the authority that issues now, PEM. Raises Fault when none can."""
        return pem(self._current(self._moment()).certificate)

    def chains(self) -> tuple[str, ...]:
        """The certificates of all living issuing authorities, PEM each, in the order of taking over."""
        return tuple(authority.certificate for authority in living_issuers(self.records, self._moment()))

    def trust_bundle(self) -> str:
        """What servers trust: the root and, while they overlap, both issuing authorities, PEM."""
        return trust_bundle(self.records, self._moment())

    def root_certificate(self) -> str:
        """What devices trust, PEM."""
        return root_of(self.records).certificate

    def _moment(self) -> datetime:
        moment = self._now().replace(microsecond=0)
        started = root_of(self.records).record.not_before
        if moment < started:
            raise Fault(
                f"the clock says {to_rfc3339(moment)}, before this authority was made "
                f"({to_rfc3339(started)}). Set the clock of this machine."
            )
        return moment

    def _load_signers(self, moment: datetime) -> dict[str, Signer]:
        """All living issuing authorities with their keys, by serial; a key is opened once."""
        living = {each.record.serial: each for each in living_issuers(self.records, moment)}
        kept = {serial: signer for serial, signer in self._signers.items() if serial in living}
        for serial, authority in living.items():
            if serial not in kept:
                kept[serial] = issuing_signer(self.folder, authority, self._passphrase)
        self._signers = kept
        return dict(kept)

    def _current(self, moment: datetime) -> Signer:
        with self._lock:
            signers = self._load_signers(moment)
        ready = [each for each in living_issuers(self.records, moment) if has_taken_over(each, moment)]
        if not ready:
            raise Fault(
                "no issuing authority is in force: the last one has ended or was revoked. "
                f"Fetch the root and run: survey ca rotate --now --folder {self.folder.path}"
            )
        return signers[ready[-1].record.serial]

    def _signer_for(self, lifetime: timedelta) -> tuple[Signer, Validity]:
        if not timedelta(0) < lifetime <= profile.LONGEST_LEAF:
            raise Fault(f"a certificate holds for up to {profile.LONGEST_LEAF.days} days, not {lifetime}.")
        moment = self._moment()
        signer = self._current(moment)
        begins, ends = signer.certificate.not_valid_before_utc, signer.certificate.not_valid_after_utc
        whole = timedelta(seconds=max(1, int(lifetime.total_seconds())))
        return signer, Validity(max(moment - profile.BACKDATED, begins), min(moment + whole, ends))

    def _recorded(self, signer: Signer, certificate: x509.Certificate, record: CertificateRecord) -> str:
        self.records.add(record)  # before it leaves: what is out there can be revoked
        _log.info(
            "issued %s certificate %s until %s", record.kind, record.serial, to_rfc3339(record.not_after)
        )
        return pem(certificate, signer.certificate)

    def _to_revoke(self, serial: str | None, device: str | None, moment: datetime) -> list[CertificateRecord]:
        if (serial is None) == (device is None):
            raise Fault("say which certificate to revoke: by its serial number or by its device.")
        if device is not None:
            found = self.records.of_device(names.checked_uuid(device, "device"))
            if not found:
                raise Fault(f"the device {device} never had a certificate. See: survey ca show")
            return [record for record in found if record.not_after >= moment]
        record = self.records.find(names.normal_serial(serial or ""))
        if record is None:
            raise Fault(f"no certificate with the serial number {serial} was issued. See: survey ca show")
        if record.kind in ("root", "issuing"):
            raise Fault(f"{serial} is an authority's: only the root revokes those (survey ca revoke --root).")
        return [record]

"""The root: makes issuing authorities and revokes them. Its key is needed for nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from couch.clock import to_rfc3339
from couch.errors import Fault
from couch.private_files import write_private
from couch.secret import Secret
from provisioning.ca import profile
from provisioning.ca.authority import real_time
from provisioning.ca.folder import AuthorityFolder, root_key_in
from provisioning.ca.keys import new_key, open_sealed, sealed
from provisioning.ca.names import normal_serial
from provisioning.ca.profile import Validity, pem
from provisioning.ca.publication import revoked_entries, root_of, signer_of
from provisioning.ca.record import AuthorityRecord, record_of
from provisioning.ca.records import CertificateRecords
from provisioning.ca.revocation_list import ROOT_CRL_LIFETIME, Reason, revocation_list


def _nothing(_: str) -> None:
    """No one listens to the steps."""


class RootAuthority:
    """The root with its key, from `folder`/root or from the medium it was taken to."""

    def __init__(
        self,
        folder: AuthorityFolder,
        records: CertificateRecords,
        passphrase: Secret,
        *,
        root: Path | None = None,
        now: Callable[[], datetime] = real_time,
    ) -> None:
        """Raises Fault: key away, wrong pass phrase, another authority's root, ended, clock before it."""
        self._folder, self._records, self._now = folder, records, now
        path = root_key_in(root or folder.root)
        if not path.exists():
            raise Fault(
                f"the root's key is not in {path.parent}. Bring the root from where it is kept offline, "
                "and give --root FOLDER."
            )
        self._record = root_of(records)
        self._signer = signer_of(self._record, open_sealed(path, passphrase), str(path))
        self._moment()

    def new_issuing(
        self,
        passphrase: Secret,
        *,
        takes_over_after: timedelta = timedelta(0),
        lifetime: timedelta = profile.ISSUING_LIFETIME,
        after_step: Callable[[str], None] = _nothing,
    ) -> AuthorityRecord:
        """Make an issuing authority below the root; its key sealed with `passphrase`.

        It issues from `takes_over_after` on, so that servers know its revocation list before they meet its
        certificates; the earlier ones stay valid until they end. A crash leaves at most a key without
        a certificate. The caller publishes.
        """
        moment = self._moment()
        key = new_key()
        ends = min(moment + lifetime, self._signer.certificate.not_valid_after_utc)
        begins = max(moment - profile.BACKDATED, self._signer.certificate.not_valid_before_utc)
        certificate = profile.issuing_certificate(self._signer, key.public_key(), Validity(begins, ends))
        record = record_of(certificate, self._signer.certificate, "issuing")
        write_private(self._folder.issuing_key(record.serial), sealed(key, passphrase), replace=False)
        after_step("key")
        authority = AuthorityRecord(
            record=record, certificate=pem(certificate), takes_over_at=moment + takes_over_after
        )
        self._records.add_authority(authority)
        after_step("records")
        return authority

    def revoke_issuing(self, serial: str, reason: Reason) -> bool:
        """Revoke an issuing authority and with it all that it issued; False when it was revoked before.

        The caller publishes. Raises Fault when the serial is no issuing authority's.
        """
        record = self._records.find(normal_serial(serial))
        if record is None or record.kind != "issuing":
            raise Fault(f"{serial} is not the serial number of an issuing authority. See: survey ca show")
        changed = self._records.revoke(record.serial, self._moment(), reason)
        self.renew_list()
        return changed

    def renew_list(self) -> None:
        """Sign the root's own revocation list anew. The caller publishes."""
        moment = self._moment()
        serial = self._record.record.serial
        text = revocation_list(
            self._signer,
            revoked_entries(self._records.revoked_by(serial, moment)),
            number=self._records.next_crl_number(serial),
            now=moment,
            lifetime=ROOT_CRL_LIFETIME,
        )
        write_private(self._folder.root_crl, text)

    def _moment(self) -> datetime:
        moment = self._now().replace(microsecond=0)
        record = self._record.record
        if moment < record.not_before:
            raise Fault(
                f"the clock says {to_rfc3339(moment)}, before this authority was made "
                f"({to_rfc3339(record.not_before)}). Set the clock of this machine."
            )
        if moment > record.not_after:
            raise Fault(
                f"the root ended at {to_rfc3339(record.not_after)}. Make a new authority and enrol the "
                "devices anew."
            )
        return moment

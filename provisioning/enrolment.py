"""Who gets a certificate: by a one-time code, by a certificate that holds, or by one that has ended.

Every path ends in the same place: the household's standing decides whether the device's certificate or the
one-day farewell of an erased household is issued. Nothing here knows HTTP.
"""

import hashlib
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from couch.certificate import BadCertificate, CertificateFacts, read_certificate
from couch.clock import to_rfc3339
from couch.enrolment import (
    CertificateAnswer,
    ChallengeAnswer,
    EnrolmentRefused,
    EnrolRequest,
    RenewRequest,
    ReturnRequest,
)
from couch.errors import CouchError, Fault
from couch.names import SCOPES
from provisioning.ca.authority import IssuingAuthority, real_time
from provisioning.ca.record import Verdict
from provisioning.ca.signing_request import BadSigningRequest, public_key_of
from provisioning.enrolment_codes import judge
from provisioning.enrolment_households import HouseholdStanding
from provisioning.enrolment_store import EnrolmentStore, Return
from provisioning.return_proof import GRACE, Challenges, check_proof, issued_by_any

_log = logging.getLogger("survey.enrolment")
CERTIFICATES_A_DAY = 12  # of one device; a healthy one needs one in sixty days
_A_DAY = timedelta(days=1)


class Households(Protocol):
    """See provisioning.enrolment_households.CentralHouseholds."""

    def standing(self, household: str) -> HouseholdStanding: ...

    def note_serial(self, household: str, device: str, serial: str) -> None: ...


class Enrolment:
    """Safe to share between threads. Every method raises EnrolmentRefused."""

    def __init__(
        self,
        authority: IssuingAuthority,
        store: EnrolmentStore,
        households: Households,
        *,
        challenges: Challenges | None = None,
        now: Callable[[], datetime] = real_time,
    ) -> None:
        """`now`: the same as the authority's."""
        self.authority, self._store, self._households = authority, store, households
        self._challenges = challenges or Challenges()
        self._now = now

    def enrol(self, request: EnrolRequest) -> CertificateAnswer:
        """The first certificate of a device, for the code of its bundle."""
        now, key = self._now(), _key_hash(request.csr)
        try:
            code = self._store.use_code(
                request.device, key, now, partial(judge, code=request.code, key=key, now=now)
            )
        except EnrolmentRefused as err:
            if err.code == "code_wrong":
                self._store.wrong_try(request.device, now)
            _log.warning("device %s was not enrolled: %s", request.device, err.code)
            raise
        except Fault as err:
            raise _trouble(err) from err
        standing = self._standing(code.household)
        if standing.erased:
            raise EnrolmentRefused("household_erased", "this household was erased; no device joins it")
        return self._issue(request.csr, code.device, code.household, standing, frozenset(SCOPES))

    def renew(self, facts: CertificateFacts, request: RenewRequest) -> CertificateAnswer:
        """Another certificate for a device that proved the one with these `facts` just now, by TLS."""
        _key_hash(request.csr)
        self._check(facts)
        if not facts.valid_at(self._now()):
            raise EnrolmentRefused("certificate_unknown", "the certificate is not valid now")
        return self._issue_again(facts, request.csr)

    def come_back(self, request: ReturnRequest) -> CertificateAnswer | ChallengeAnswer:
        """A challenge; with the answer to one, a certificate for a device whose own has ended."""
        now = self._now()
        certificate, facts = _ended_certificate(request.certificate)
        issuers = [
            x509.load_pem_x509_certificate(each.certificate.encode())
            for each in self.authority.records.authorities()
            if each.record.kind == "issuing"
        ]
        if not issued_by_any(certificate, issuers):
            raise EnrolmentRefused("certificate_unknown", "this survey did not issue the certificate")
        self._check(facts, returning=True)
        if now <= facts.not_after:
            raise EnrolmentRefused("certificate_valid", "the certificate has not ended: renew it")
        if now > facts.not_after + GRACE:
            raise EnrolmentRefused(
                "beyond_grace", "the certificate ended too long ago: a new bundle is needed"
            )
        if not request.challenge:
            return ChallengeAnswer(self._challenges.make(facts.serial, now))
        self._challenges.check(request.challenge, facts.serial, now)
        check_proof(certificate, request.challenge, request.csr, request.signature)
        _key_hash(request.csr)
        answer = self._issue_again(facts, request.csr)
        self._report(facts, read_certificate(answer.chain.encode()), now)
        return answer

    def _check(self, facts: CertificateFacts, *, returning: bool = False) -> None:
        """The records know this certificate, and neither it nor its device was revoked.

        Who returns is let in by no older certificate when another one of the device was revoked.
        """
        try:
            verdict = self.authority.records.judge(facts)
            code = self._store.code(facts.device)
            records = self.authority.records.of_device(facts.device) if returning else []
        except Fault as err:
            raise _trouble(err) from err
        if verdict is Verdict.UNKNOWN:
            raise EnrolmentRefused("certificate_unknown", "this survey did not issue the certificate")
        cancelled = code is not None and code.cancelled_at is not None
        stolen = any(record.revoked_at is not None and record.reason != "superseded" for record in records)
        if verdict is not Verdict.GOOD or cancelled or stolen:
            _log.warning("device %s came with a revoked certificate, %s", facts.device, facts.serial)
            raise EnrolmentRefused("certificate_revoked", "the certificate or its device was revoked")

    def _issue_again(self, facts: CertificateFacts, csr: str) -> CertificateAnswer:
        standing = self._standing(facts.household)
        if facts.farewell and not standing.erased:
            raise EnrolmentRefused("certificate_unknown", "a farewell is good for an erased household alone")
        return self._issue(csr, facts.device, facts.household, standing, facts.scopes)

    def _standing(self, household: str) -> HouseholdStanding:
        try:
            return self._households.standing(household)
        except CouchError as err:
            raise _trouble(err) from err

    def _issue(
        self, csr: str, device: str, household: str, standing: HouseholdStanding, scopes: frozenset[str]
    ) -> CertificateAnswer:
        try:
            self._check_rate(device)
            chain = self._signed(csr, device, household, standing, scopes)
            serial = read_certificate(chain.encode()).serial
            self._take_back_if_revoked(device, serial)
        except BadSigningRequest as err:
            raise EnrolmentRefused("malformed", str(err)) from err
        except Fault as err:
            raise _trouble(err) from err
        if not standing.erased:
            self._households.note_serial(household, device, serial)
        return CertificateAnswer(chain)

    def _signed(
        self, csr: str, device: str, household: str, standing: HouseholdStanding, scopes: frozenset[str]
    ) -> str:
        if standing.erased:
            return self.authority.issue_farewell(csr, device, household, erased=True)
        if standing.email is None:
            raise Fault(f"the household {household} has no registration, so no email for a certificate")
        return self.authority.issue_device(csr, device, household, standing.email, scopes)

    def _take_back_if_revoked(self, device: str, serial: str) -> None:
        """The device may have been revoked since it was judged: whoever did that did not see this one."""
        code = self._store.code(device)
        if code is not None and code.cancelled_at is not None:
            self.authority.records.revoke(serial, self._now(), "privilege_withdrawn")
            raise EnrolmentRefused("certificate_revoked", "the certificate or its device was revoked")

    def _check_rate(self, device: str) -> None:
        since = self._now() - _A_DAY
        recent = [each for each in self.authority.records.of_device(device) if each.not_before > since]
        if len(recent) >= CERTIFICATES_A_DAY:
            wait_s = int((recent[-CERTIFICATES_A_DAY].not_before - since).total_seconds()) + 1
            raise EnrolmentRefused(
                "too_many", f"the device had {len(recent)} certificates in a day", retry_after_s=wait_s
            )

    def _report(self, old: CertificateFacts, new: CertificateFacts, now: datetime) -> None:
        back = Return(
            new_serial=new.serial,
            old_serial=old.serial,
            device=old.device,
            household=old.household,
            ended_at=old.not_after,
            at=now,
            farewell=new.farewell,
        )
        try:
            self._store.add_return(back)
        except Fault as err:
            raise _trouble(err) from err
        _log.warning(
            "device %s came back although its certificate %s had ended at %s; it has %s now",
            old.device,
            old.serial,
            to_rfc3339(old.not_after),
            "the farewell of an erased household" if new.farewell else new.serial,
        )


def _key_hash(csr: str) -> str:
    """SHA-256 of the public key in a signing request, which must hold the proof of its private key."""
    try:
        key = public_key_of(csr)
    except BadSigningRequest as err:
        raise EnrolmentRefused("malformed", str(err)) from err
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def _ended_certificate(pem: str) -> tuple[x509.Certificate, CertificateFacts]:
    try:
        return x509.load_pem_x509_certificate(pem.encode()), read_certificate(pem.encode())
    except (BadCertificate, ValueError) as err:
        raise EnrolmentRefused("certificate_unknown", "this is no certificate of a device") from err


def _trouble(err: Exception) -> EnrolmentRefused:
    """The centre's own trouble: its log says what, the device hears only to come again."""
    _log.error("a certificate could not be issued: %s", err)
    return EnrolmentRefused("unavailable", "the centre cannot issue certificates now", retry_after_s=60)

"""Every kind of certificate that a caller may show, good and bad, from the survey's own authority."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from raw_client import Identity

from couch import certificate_extensions as own
from couch.certificate import read_certificate, serial_text
from couch.names import SCOPES
from couch.secret import Secret
from provisioning.ca import profile
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.ca.keys import Key, bare, new_key, open_bare, open_sealed
from provisioning.ca.names import email_name
from provisioning.ca.profile import DeviceNames, Signer, Validity, pem
from provisioning.ca.record import record_of
from provisioning.ca.signing_request import new_signing_request
from provisioning.enrolment_store import EnrolmentStore

PASSPHRASE = Secret("pass phrase of the issuing key in these tests")
ROOT_PASSPHRASE = Secret("pass phrase of the root key in these tests")
NAME, PAGES_NAME = "localhost", "pages.localhost"
EMAIL = "ada.secret@example.org"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Member:
    """A household with one device and one meter."""

    household: str = field(default_factory=lambda: str(uuid.uuid4()))
    device: str = field(default_factory=lambda: str(uuid.uuid4()))
    meter: str = field(default_factory=lambda: str(uuid.uuid4()))


class Authority:
    """The survey's authority in `folder`, and the identities by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = create_authority(folder / "ca", PASSPHRASE, ROOT_PASSPHRASE)
        self.issuing = IssuingAuthority(self.ca.path, PASSPHRASE)
        self.store = EnrolmentStore(self.ca.path)
        self.identities: dict[str, Identity | None] = {"nobody": None}
        self.server = self._write("server", lambda csr: self.issuing.issue_server(csr, [NAME, PAGES_NAME]))

    def close(self) -> None:
        self.store.close()
        self.issuing.close()

    def device(self, name: str, member: Member, scopes: tuple[str, ...] = SCOPES) -> None:
        """A device's certificate as enrolment gives it out."""
        self.identities[name] = self._write(
            name, lambda csr: self.issuing.issue_device(csr, member.device, member.household, EMAIL, scopes)
        )

    def farewell(self, name: str, member: Member) -> None:
        self.identities[name] = self._write(
            name, lambda csr: self.issuing.issue_farewell(csr, member.device, member.household, erased=True)
        )

    def serial(self, name: str) -> str:
        identity = self.identities[name]
        assert identity is not None
        pem_text = identity.certificate.read_bytes()
        return serial_text(x509.load_pem_x509_certificate(pem_text).serial_number)

    def revoke(self, name: str) -> None:
        self.issuing.revoke(serial=self.serial(name))

    def revoke_quietly(self, name: str) -> None:
        """In the records alone: the published list does not say it yet."""
        self.issuing.records.revoke(
            self.serial(name), datetime.now(UTC).replace(microsecond=0), "unspecified"
        )

    def bad_ones(self, member: Member, other: Member, stolen: Member) -> None:
        """Certificates that must open nothing; most speak of `member`'s device, one of the stolen one."""
        now = datetime.now(UTC).replace(microsecond=0)
        valid = Validity(now - _DAY, now + _DAY)
        signer = self.signer()
        names = _names(member)
        self._made("expired", signer, names, Validity(now - 40 * _DAY, now - _DAY), recorded=True)
        alone = _names(replace(member, device=str(uuid.uuid4())))
        self._made("expired_alone", signer, alone, Validity(now - 40 * _DAY, now - _DAY), recorded=True)
        self._made(
            "expired_of_a_stolen_device",
            signer,
            _names(stolen),
            Validity(now - 40 * _DAY, now - _DAY),
            recorded=True,
        )
        self._made("beyond_grace", signer, names, Validity(now - 900 * _DAY, now - 800 * _DAY), recorded=True)
        self._made("not_yet_valid", signer, names, Validity(now + _DAY, now + 40 * _DAY), recorded=True)
        self._made("expired_unrecorded", signer, names, Validity(now - 40 * _DAY, now - _DAY))
        self._made("unrecorded", signer, names, valid)
        self._made("another_validity", signer, names, valid, recorded=True, recorded_until=now + 2 * _DAY)
        self._made("another_household", signer, _names(member, household=other.household), valid,
                   recorded=True, recorded_as=member)  # fmt: skip
        strangers = IssuingAuthority(
            create_authority(self.folder / "strangers", PASSPHRASE, ROOT_PASSPHRASE).path, PASSPHRASE
        )
        self.identities["foreign_authority"] = self._write(
            "foreign_authority",
            lambda csr: strangers.issue_device(csr, member.device, member.household, EMAIL, SCOPES),
        )
        strangers.close()
        self._self_signed("self_signed", names, valid)
        device = self.identities["device"]
        assert device is not None
        holder = Signer(
            x509.load_pem_x509_certificate(device.certificate.read_bytes()),
            open_bare(device.key),
        )
        self._made("signed_by_a_device", holder, names, valid, chain=device.certificate.read_text())
        self.identities["server"] = self.server
        self.identities["issuing"] = self._pair("issuing", pem(signer.certificate), signer.key)
        self._nameless("without_identity", signer, valid, None)
        self._nameless("contradictory", signer, valid, (member, other))

    def signer(self) -> Signer:
        """The issuing authority's own key: what a thief of it could sign with."""
        (authority,) = [each for each in self.issuing.records.authorities() if each.record.kind == "issuing"]
        key = open_sealed(self.ca.issuing_key(authority.record.serial), PASSPHRASE)
        return Signer(x509.load_pem_x509_certificate(authority.certificate.encode()), key)

    def _made(
        self,
        name: str,
        signer: Signer,
        names: DeviceNames,
        validity: Validity,
        *,
        recorded: bool = False,
        recorded_as: Member | None = None,
        recorded_until: datetime | None = None,
        chain: str = "",
    ) -> None:
        key = new_key()
        certificate = profile.device_certificate(signer, key.public_key(), names, validity)
        text = pem(certificate) + (chain or pem(signer.certificate))
        if recorded:
            facts = read_certificate(text.encode())
            record = record_of(
                certificate,
                signer.certificate,
                "device",
                device=recorded_as.device if recorded_as else facts.device,
                household=recorded_as.household if recorded_as else facts.household,
            )
            if recorded_until is not None:
                record = replace(record, not_after=recorded_until)
            self.issuing.records.add(record)
        self.identities[name] = self._pair(name, text, key)

    def _self_signed(self, name: str, names: DeviceNames, validity: Validity) -> None:
        key = new_key()
        organization = self.signer().certificate.subject
        subject = x509.Name(organization.get_attributes_for_oid(NameOID.ORGANIZATION_NAME))
        itself = Signer(profile.root_certificate(key, subject, validity), key)
        self.identities[name] = self._pair(
            name, pem(profile.device_certificate(itself, key.public_key(), names, validity)), key
        )

    def _nameless(
        self, name: str, signer: Signer, validity: Validity, contradiction: tuple[Member, Member] | None
    ) -> None:
        """For a client, signed by the authority, but without a device's identity, or with two."""
        key = new_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([*signer.certificate.subject][:1]))
            .issuer_name(signer.certificate.subject)
            .public_key(key.public_key())
            .serial_number(profile.new_serial())
            .not_valid_before(validity.not_before)
            .not_valid_after(validity.not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(profile.issuer_key_identifier(signer), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if contradiction is not None:
            member, other = contradiction
            uris = [
                x509.UniformResourceIdentifier(f"urn:uuid:{each}")
                for each in (member.device, member.household)
            ]
            builder = (
                builder.add_extension(x509.SubjectAlternativeName(uris), critical=False)
                .add_extension(
                    own.identity_extension(own.DEVICE, other.device, other.household), critical=False
                )
                .add_extension(own.scopes_extension(SCOPES), critical=False)
            )
        certificate = builder.sign(signer.key, SHA256())
        self.identities[name] = self._pair(name, pem(certificate, signer.certificate), key)

    def _write(self, name: str, issue: Callable[[bytes], str]) -> Identity:
        key = new_key()
        return self._pair(name, issue(new_signing_request(key)), key)

    def _pair(self, name: str, chain: str, key: Key) -> Identity:
        certificate_file, key_file = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate_file.write_text(chain)
        key_file.write_text(bare(key))
        key_file.chmod(0o600)
        return Identity(certificate_file, key_file)


def _names(member: Member, household: str = "") -> DeviceNames:
    return DeviceNames(
        device=member.device,
        household=household or member.household,
        email=email_name(EMAIL),
        scopes=frozenset(SCOPES),
    )

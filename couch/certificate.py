"""What a device's certificate says, for everybody who decides by it.

Reading it proves nothing: the TLS layer has verified the chain before, and revocation is asked by serial.
The participant's email in it is left unread, so that no log, token or record can come to hold it.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from couch import certificate_extensions as own
from couch import names
from couch.documents.fields import UUID_PATTERN, Uuid
from couch.errors import Fault

_UUID = re.compile(UUID_PATTERN.rstrip("$") + r"\Z")  # `$` alone would let a line break follow
_URN = "urn:uuid:"


class BadCertificate(Fault):
    """Not a certificate, or not one of the survey's devices: the message says which in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What identifies and bounds a device.

    `serial`: see `serial_text`. `scopes`: names of couch.names.SCOPES, none in a farewell, which admits only
    what an erased household's device has left to do. Validity: both instants (aware UTC) belong to it.
    """

    serial: str
    device: Uuid
    household: Uuid
    scopes: frozenset[str]
    not_before: datetime
    not_after: datetime
    farewell: bool

    def valid_at(self, moment: datetime) -> bool:
        """Whether `moment` lies in the validity."""
        return self.not_before <= moment <= self.not_after


def serial_text(serial: int) -> str:
    """A serial number as it stands in records, documents and logs: whole bytes in lower-case hexadecimal."""
    return serial.to_bytes((serial.bit_length() + 7) // 8 or 1, "big").hex()


def read_certificate(pem_or_der: bytes) -> CertificateFacts:
    """The facts of a device's certificate; of a PEM chain, those of the first one.

    A scope that this version does not know grants nothing and is left out.
    Raises BadCertificate when it is none, is damaged, or is none of a device (a server's, an authority's).
    """
    try:
        if pem_or_der.lstrip().startswith(b"-----BEGIN"):
            certificate = x509.load_pem_x509_certificate(pem_or_der)
        else:
            certificate = x509.load_der_x509_certificate(pem_or_der)
        return facts_of(certificate)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as err:
        raise BadCertificate("this is not an X.509 certificate in PEM or DER, or it is damaged") from err


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    """The facts of a parsed certificate. Raises BadCertificate, ValueError when it is damaged."""
    extensions = certificate.extensions
    kind, device, household = _identity(extensions)
    _check_usage(extensions)
    _check_names(extensions, device, household)
    scopes = _scopes(extensions)
    farewell = kind == own.FAREWELL
    if farewell and scopes:
        raise BadCertificate("the farewell certificate of an erased household must grant no scope")
    if certificate.serial_number <= 0:
        raise BadCertificate("the serial number of the certificate is not positive")
    return CertificateFacts(
        serial=serial_text(certificate.serial_number),
        device=device,
        household=household,
        scopes=scopes,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        farewell=farewell,
    )


def _identity(extensions: x509.Extensions) -> tuple[str, str, str]:
    texts = _texts(extensions, own.IDENTITY)
    if texts is None:
        raise BadCertificate("this is not the certificate of a device of the survey: it names none")
    if len(texts) != 3 or texts[0] not in (own.DEVICE, own.FAREWELL) or not all(map(_UUID.match, texts[1:])):
        raise BadCertificate("the certificate does not say which device and household it is for")
    return texts[0], texts[1], texts[2]


def _scopes(extensions: x509.Extensions) -> frozenset[str]:
    return frozenset(_texts(extensions, own.SCOPES) or ()).intersection(names.SCOPES)


def _texts(extensions: x509.Extensions, oid: x509.ObjectIdentifier) -> list[str] | None:
    try:
        extension = extensions.get_extension_for_oid(oid)
    except x509.ExtensionNotFound:
        return None
    if not isinstance(extension.value, x509.UnrecognizedExtension):
        raise BadCertificate(f"the extension {oid.dotted_string} of the certificate is not the survey's")
    try:
        return own.decode_texts(extension.value.value)
    except ValueError as err:
        raise BadCertificate(f"the extension {oid.dotted_string} of the certificate is damaged") from err


def _check_usage(extensions: x509.Extensions) -> None:
    try:
        authority = extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        usages = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound as err:
        raise BadCertificate("the certificate does not say what it may be used for") from err
    if authority or usages != [ExtendedKeyUsageOID.CLIENT_AUTH]:
        raise BadCertificate("the certificate is not for a device to prove itself with")


def _check_names(extensions: x509.Extensions, device: str, household: str) -> None:
    try:
        alternative = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as err:
        raise BadCertificate("the certificate has no subject alternative name") from err
    uris = alternative.get_values_for_type(x509.UniformResourceIdentifier)
    if uris != [_URN + device, _URN + household]:
        raise BadCertificate("the names of the certificate contradict each other")

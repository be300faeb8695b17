"""Certificate signing requests (PKCS#10, RFC 2986): only the key in them is used."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from couch.errors import Fault
from provisioning.ca.keys import Key

_LARGEST = 16_384  # bytes; a request on P-256 has some 400


class BadSigningRequest(Fault):
    """The request cannot be granted as it is: whoever made it must make another one."""


def public_key_of(request: bytes | str) -> ec.EllipticCurvePublicKey:
    """The key of a request in PEM or DER that proves the possession of its private key.

    Subject and extensions that it asks for are ignored: what a certificate says comes from the records.
    Raises BadSigningRequest: damaged, too large, badly signed, or a key that is not on P-256.
    """
    content = request.encode() if isinstance(request, str) else request
    if len(content) > _LARGEST:
        raise BadSigningRequest("the signing request is too large: it takes a key on P-256 and nothing else")
    try:
        if content.lstrip().startswith(b"-----BEGIN"):
            parsed = x509.load_pem_x509_csr(content)
        else:
            parsed = x509.load_der_x509_csr(content)
        key = parsed.public_key()
        signed = parsed.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as err:
        raise BadSigningRequest(
            "this is not a certificate signing request (PKCS#10) in PEM or DER, or it is damaged"
        ) from err
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadSigningRequest("the key of the signing request is not on the curve P-256: make one that is")
    if not signed:
        raise BadSigningRequest("the signing request is not signed with its own key")
    return key


def new_signing_request(key: Key) -> bytes:
    """A request in PEM for `key`, without names."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)

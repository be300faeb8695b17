"""Names as they stand in certificates, checked before anything is signed."""

import re
from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import NameOID

from couch.certificate import serial_text
from couch.documents.fields import UUID_PATTERN
from couch.errors import Fault
from couch.names import SCOPES

_UUID = re.compile(UUID_PATTERN.rstrip("$"))
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_LOCAL_PART = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_LONGEST_DOMAIN = 253
_LONGEST_NAME = 64  # ub-organization-name and ub-common-name (RFC 5280, appendix A.1)


def checked_uuid(text: str, what: str) -> str:
    """`text` when it is a uuid in lower case with hyphens. Raises Fault that says `what` it was to be."""
    if not _UUID.fullmatch(text):
        raise Fault(
            f"the {what} {text!r} is not a uuid in lower case, "
            "such as 2f1e6b0c-0d3a-4b7e-9a51-5c0f7d1f2a33. Take it from the household's page."
        )
    return text


def normal_serial(text: str) -> str:
    """A serial number as other programs print it (upper case, colons) in the form of the records."""
    try:
        return serial_text(int(text.replace(":", "").strip(), 16))
    except (ValueError, OverflowError) as err:
        raise Fault(f"{text!r} is not a serial number in hexadecimal. See: survey ca show") from err


def uuid_uri(uuid: str) -> x509.UniformResourceIdentifier:
    """`urn:uuid:<uuid>` (RFC 4122, 3)."""
    return x509.UniformResourceIdentifier(f"urn:uuid:{uuid}")


def email_name(email: str) -> x509.RFC822Name:
    """The email as a certificate can hold it: ASCII, other domains in their ASCII form (RFC 9598, 3).

    Raises Fault, which does not repeat the address.
    """
    local, _, domain = email.rpartition("@")
    if not _LOCAL_PART.fullmatch(local):
        raise Fault(
            "the email cannot stand in a certificate: before the @ it takes 1 to 64 letters without "
            "accents, digits and punctuation. Correct it in the registration."
        )
    try:
        return x509.RFC822Name(f"{local}@{_ascii_domain(domain)}")
    except ValueError as err:
        raise Fault(
            "the email cannot stand in a certificate: after the @ it takes a domain, "
            "such as example.org. Correct it in the registration."
        ) from err


def dns_names(names: Iterable[str]) -> list[x509.DNSName]:
    """DNS names of a server, each once. Raises Fault when there is none or one is no DNS name."""
    checked: dict[str, x509.DNSName] = {}
    for name in names:
        try:
            domain = _ascii_domain(name)
        except ValueError as err:
            raise Fault(
                f"{name!r} is not a DNS name. Devices reach the centre by a name such as "
                "centre.example.org, not by an address or a pattern."
            ) from err
        checked[domain] = x509.DNSName(domain)
    if not checked:
        raise Fault("a server's certificate needs a DNS name, such as centre.example.org.")
    return list(checked.values())


def checked_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """Raises Fault when there is none or one does not exist."""
    wanted = frozenset(scopes)
    unknown = sorted(wanted.difference(SCOPES))
    if unknown or not wanted:
        said = f"there is no scope {unknown[0]!r}" if unknown else "a device's certificate needs a scope"
        raise Fault(f"{said}. Choose from: {', '.join(SCOPES)}.")
    return wanted


def organization_name(organization: str) -> x509.Name:
    """The directory name that all names of this authority's certificates begin with. Raises Fault."""
    if not 1 <= len(organization.encode()) <= _LONGEST_NAME or not organization.isprintable():
        raise Fault(
            f"the survey's name {organization!r} must have 1 to {_LONGEST_NAME} bytes of printable text."
        )
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)])


def below(organization: x509.Name, common_name: str, unit: str | None = None) -> x509.Name:
    """A directory name below the survey's."""
    attributes = list(organization)
    if unit is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _ascii_domain(domain: str) -> str:
    """The domain in lower-case ASCII; other scripts by IDNA 2008. Raises ValueError."""
    text = domain.lower()
    if not text.isascii():
        import idna  # noqa: PLC0415 - its tables are large, and most names are ASCII

        text = idna.encode(text, uts46=True).decode()  # IDNAError is a ValueError
    labels = text.split(".")
    if len(text) > _LONGEST_DOMAIN or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("no domain")
    if labels[-1].isdigit():
        raise ValueError("an address, no domain")
    return text

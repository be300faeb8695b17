"""What the issuing authority issues, and what it does not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from couch import certificate_extensions
from couch.certificate import BadCertificate, read_certificate
from couch.errors import Fault
from couch.names import SCOPES
from provisioning.ca.authority import IssuingAuthority

DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
OTHER = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c03"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"
START = datetime(2025, 7, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Issue = Callable[..., str]


def serial_of(chain: str) -> str:
    return read_certificate(chain.encode()).serial


def certificates(chain: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(chain.encode())


def test_a_device_certificate_holds_90_days_and_every_scope(issue: Issue) -> None:
    facts = read_certificate(issue(DEVICE, HOUSEHOLD).encode())
    assert (facts.device, facts.household, facts.farewell) == (DEVICE, HOUSEHOLD, False)
    assert facts.scopes == frozenset(SCOPES)
    assert facts.not_after == START + timedelta(days=90)


def test_the_chain_is_the_certificate_and_its_issuer(issue: Issue, authority: IssuingAuthority) -> None:
    leaf, issuer = certificates(issue(DEVICE, HOUSEHOLD))
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(certificates(authority.root_certificate())[0])
    assert authority.chain() in authority.trust_bundle()


def test_a_device_certificate_names_participant_device_and_household(issue: Issue) -> None:
    leaf = certificates(issue(DEVICE, HOUSEHOLD))[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == ["ada@example.org"]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [
        f"urn:uuid:{DEVICE}",
        f"urn:uuid:{HOUSEHOLD}",
    ]
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == DEVICE


def test_a_device_certificate_is_for_a_client_and_for_nothing_else(issue: Issue) -> None:
    extensions = certificates(issue(DEVICE, HOUSEHOLD))[0].extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert constraints.critical
    assert not constraints.value.ca
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign
    extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(extended) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_authorities_are_bounded_in_depth_and_names(authority: IssuingAuthority) -> None:
    root, issuing = certificates(authority.trust_bundle())
    depth = {}
    for name, each in (("root", root), ("issuing", issuing)):
        constraints = each.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = each.extensions.get_extension_for_class(x509.KeyUsage)
        assert constraints.critical
        assert usage.critical
        assert usage.value.key_cert_sign
        assert usage.value.crl_sign
        assert not usage.value.digital_signature
        depth[name] = constraints.value.path_length
    assert depth == {"root": 1, "issuing": 0}
    names = issuing.extensions.get_extension_for_class(x509.NameConstraints)
    assert names.critical
    assert [type(each) for each in names.value.permitted_subtrees or []] == [x509.DirectoryName]
    assert names.value.excluded_subtrees is None


def test_a_server_certificate_holds_dns_names_and_is_no_device(
    authority: IssuingAuthority, csr: bytes
) -> None:
    chain = authority.issue_server(csr, ["Centre.example.org", "localhost"])
    leaf = certificates(chain)[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["centre.example.org", "localhost"]
    extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(extended) == [ExtendedKeyUsageOID.SERVER_AUTH]
    with pytest.raises(BadCertificate):
        read_certificate(chain.encode())


@pytest.mark.parametrize("name", ["127.0.0.1", "*.example.org", "", "a..b", "-a.org", "a_b", "::1", "x" * 64])
def test_what_is_no_dns_name_is_refused(authority: IssuingAuthority, csr: bytes, name: str) -> None:
    with pytest.raises(Fault, match="not a DNS name"):
        authority.issue_server(csr, [name])


def test_a_farewell_holds_a_day_without_email_and_scopes(authority: IssuingAuthority, csr: bytes) -> None:
    chain = authority.issue_farewell(csr, DEVICE, HOUSEHOLD, erased=True)
    facts = read_certificate(chain.encode())
    assert facts.farewell
    assert facts.scopes == frozenset()
    assert facts.not_after == START + DAY
    names = certificates(chain)[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == []


def test_a_farewell_is_only_for_an_erased_household(authority: IssuingAuthority, csr: bytes) -> None:
    with pytest.raises(Fault, match="not erased"):
        authority.issue_farewell(csr, DEVICE, HOUSEHOLD, erased=False)


def test_after_a_farewell_the_household_gets_no_other(
    authority: IssuingAuthority, csr: bytes, issue: Issue
) -> None:
    authority.issue_farewell(csr, DEVICE, HOUSEHOLD, erased=True)
    with pytest.raises(Fault, match="was erased"):
        issue(OTHER, HOUSEHOLD)


@pytest.mark.parametrize("lifetime", [timedelta(0), -DAY, timedelta(days=398)])
def test_a_lifetime_out_of_bounds_is_refused(issue: Issue, lifetime: timedelta) -> None:
    with pytest.raises(Fault, match="397 days"):
        issue(DEVICE, HOUSEHOLD, lifetime=lifetime)


def test_a_short_lifetime_ends_when_it_says(issue: Issue) -> None:
    facts = read_certificate(issue(DEVICE, HOUSEHOLD, lifetime=timedelta(minutes=1)).encode())
    assert facts.valid_at(START + timedelta(minutes=1))
    assert not facts.valid_at(START + timedelta(minutes=1, seconds=1))


@pytest.mark.parametrize("scopes", [(), ("everything",), ("account", "admin")])
def test_only_the_scopes_there_are(issue: Issue, scopes: tuple[str, ...]) -> None:
    with pytest.raises(Fault, match="scope"):
        issue(DEVICE, HOUSEHOLD, scopes=scopes)


@pytest.mark.parametrize("uuid", ["", "x", DEVICE.upper(), DEVICE + "\n", "../" + DEVICE])
def test_only_uuids_in_their_one_form(issue: Issue, uuid: str) -> None:
    with pytest.raises(Fault, match=r"device .* is not a uuid"):
        issue(uuid, HOUSEHOLD)
    with pytest.raises(Fault, match=r"household .* is not a uuid"):
        issue(DEVICE, uuid)


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.org", "ä@example.org", "a b@x.org", "a@x..y"])
def test_an_email_that_cannot_stand_there_is_refused_unnamed(
    authority: IssuingAuthority, csr: bytes, email: str
) -> None:
    with pytest.raises(Fault, match="email cannot stand") as refused:
        authority.issue_device(csr, DEVICE, HOUSEHOLD, email)
    assert len(email) < 4 or email not in str(refused.value)


def test_a_domain_in_another_script_stands_in_its_ascii_form(authority: IssuingAuthority, csr: bytes) -> None:
    chain = authority.issue_device(csr, DEVICE, HOUSEHOLD, "ada@straße.example")
    names = certificates(chain)[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == ["ada@xn--strae-oqa.example"]


def test_the_email_is_in_no_file_of_the_authority(
    issue: Issue, authority: IssuingAuthority, folder: Path
) -> None:
    authority.revoke(serial=serial_of(issue(DEVICE, HOUSEHOLD)))
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert DEVICE.encode() in content  # a search that would find it
    assert b"ada@" not in content
    assert b"example.org" not in content


def test_serial_numbers_have_20_bytes_and_do_not_repeat(issue: Issue) -> None:
    serials = {serial_of(issue(DEVICE, HOUSEHOLD)) for _ in range(20)}
    assert len(serials) == 20
    assert {len(serial) for serial in serials} == {40}


def test_an_ended_issuing_authority_issues_nothing_and_says_what_to_do(issue: Issue, time: Any) -> None:
    time.pass_by(timedelta(days=3 * 365, seconds=1))
    with pytest.raises(Fault, match="survey ca rotate --now"):
        issue(DEVICE, HOUSEHOLD)


def test_no_certificate_outlives_its_issuer(issue: Issue, time: Any) -> None:
    time.pass_by(timedelta(days=3 * 365 - 10))
    leaf, issuer = certificates(issue(DEVICE, HOUSEHOLD))
    assert leaf.not_valid_after_utc == issuer.not_valid_after_utc


def test_the_documented_object_identifiers_are_those_in_use() -> None:
    page = (Path(__file__).parents[3] / "docs" / "certificates.md").read_text(encoding="utf-8")
    assert f"`{certificate_extensions.ARC}`" in page
    assert certificate_extensions.IDENTITY.dotted_string == f"{certificate_extensions.ARC}.1"
    assert certificate_extensions.SCOPES.dotted_string == f"{certificate_extensions.ARC}.2"

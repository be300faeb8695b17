"""Certificates for who should not have one: codes, signing requests, renewal, the way back.

Each row of the open address comes from an address of its own, since nginx counts the tries of each.
"""

# ruff: noqa: E501 - a table: a row is read across

import base64
import itertools
import json
from collections.abc import Callable
from typing import Any

from attempt import Attempt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from raw_client import Reply
from security_authority import Member

from couch.certificate import read_certificate
from couch.enrolment import ENROL_PATH, RENEW_PATH, RETURN_PATH, proof_text
from couch.names import SCOPES
from provisioning.ca.keys import new_key, open_bare

_SOURCES = itertools.count(1)


def request_for(key: Any, *, name: str = "", authority: bool = False) -> str:
    """A signing request, which may ask for more than it should."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    if name:
        uri = x509.UniformResourceIdentifier(f"urn:uuid:{name}")
        builder = builder.add_extension(x509.SubjectAlternativeName([uri]), critical=False)
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=3), critical=True)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def _post(world: Any, path: str, who: str = "nobody", **fields: str) -> Reply:
    source = f"127.0.2.{next(_SOURCES)}"
    return world.ask("POST", path, body=json.dumps(fields), who=who, source=source)


def _enrol(world: Any, member: Member, code: str, csr: str | None = None) -> Reply:
    return _post(world, ENROL_PATH, device=member.device, code=code, csr=csr or request_for(new_key()))


def _new_device(world: Any, **how: bool) -> tuple[Member, str]:
    """A device of our household that has not enrolled yet, and its code."""
    member = Member(household=world.places["own"])
    return member, world.new_code(member, **how)


def _guessed(world: Any) -> Reply:
    member, _ = _new_device(world)
    return _enrol(world, member, "guessed-code-of-thirty-two-bytes")


def _unknown_device(world: Any) -> Reply:
    _, code = _new_device(world)
    return _enrol(world, Member(), code)


def _for_another(world: Any) -> Reply:
    _, code = _new_device(world)
    other, _ = _new_device(world)
    return _enrol(world, other, code)


def _expired(world: Any) -> Reply:
    return _enrol(world, *_new_device(world, expired=True))


def _cancelled(world: Any) -> Reply:
    return _enrol(world, *_new_device(world, cancelled=True))


def _used(world: Any) -> Reply:
    member, code = _new_device(world)
    assert _enrol(world, member, code).statuses == (200,)
    return _enrol(world, member, code)


def _many_guesses(world: Any) -> Reply:
    """After ten wrong ones the right one must wait too."""
    member, code = _new_device(world)
    for number in range(10):
        _enrol(world, member, f"guess number {number}")
    return _enrol(world, member, code)


def _of_an_erased_household(world: Any) -> Reply:
    member = Member(household=world.places["erased"])
    return _enrol(world, member, world.new_code(member))


def _asks_for_more(world: Any) -> Reply:
    """The answer is a certificate for the code's own device, and nothing of what was asked for."""
    member, code = _new_device(world)
    csr = request_for(new_key(), name=world.places["other_device"], authority=True)
    reply = _enrol(world, member, code, csr)
    chain = json.loads(reply.body)["chain"].encode()
    facts = read_certificate(chain)  # which refuses an authority's
    assert (facts.device, facts.household) == (member.device, member.household)
    assert facts.scopes == frozenset(SCOPES)
    return reply


def _with(csr: Callable[[], str]) -> Callable[[Any], Reply]:
    def steps(world: Any) -> Reply:
        member, code = _new_device(world)
        return _enrol(world, member, code, csr())

    return steps


def _badly_signed() -> str:
    """A signing request whose key is not the one that signed it."""
    der = bytearray(x509.load_pem_x509_csr(request_for(new_key()).encode()).public_bytes(Encoding.DER))
    der[-1] ^= 1
    body = base64.encodebytes(bytes(der)).decode()
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{body}-----END CERTIFICATE REQUEST-----\n"


def _renews(who: str) -> Callable[[Any], Reply]:
    return lambda world: _post(world, RENEW_PATH, who, csr=request_for(new_key()))


def _renews_too_often(world: Any) -> Reply:
    """One device, thirteen certificates in a day."""
    name = "renewing"
    world.authority.device(name, Member(household=world.places["own"]))
    for _ in range(12):
        last = _renews(name)(world)
    return last


def _returns(
    who: str, signer: str = "", challenge: str | None = None, other_request: bool = False
) -> Callable[[Any], Reply]:
    """With the certificate `who` and the proof by the key of `signer`."""

    def steps(world: Any) -> Reply:
        certificate = world.identity(who).certificate.read_text()
        asked = _post(world, RETURN_PATH, certificate=certificate)
        if asked.statuses != (200,) and challenge is None:
            return asked
        given = json.loads(asked.body)["challenge"] if challenge is None else challenge
        csr = request_for(new_key())
        key = open_bare(world.identity(signer or who).key)
        signature = key.sign(proof_text(given, csr), ec.ECDSA(SHA256()))
        return _post(
            world,
            RETURN_PATH,
            certificate=certificate,
            challenge=given,
            signature=base64.b64encode(signature).decode(),
            csr=request_for(new_key()) if other_request else csr,
        )

    return steps


def _row(tries: str, steps: Callable[[Any], Reply], must: str, **more: bool) -> Attempt:
    return Attempt(tries=tries, steps=steps, must=must, **more)


ATTEMPTS = (
    _row("enrols with a guessed code", _guessed, "403 code_wrong"),
    _row("enrols a device that nobody knows", _unknown_device, "403 code_wrong"),
    _row("enrols with another device's code", _for_another, "403 code_wrong"),
    _row("enrols with a code that has ended", _expired, "410 code_expired"),
    _row("enrols with a code that was taken back", _cancelled, "403 code_wrong"),
    _row("enrols with a code that was used", _used, "410 code_used", settles=True),
    _row("guesses codes until none is looked at", _many_guesses, "429 too_many"),
    _row("enrols a device of an erased household", _of_an_erased_household, "403 household_erased"),
    _row("enrols and asks for another's name and for an authority's rights", _asks_for_more, "200",
         settles=True),
    _row("enrols with a request that its key did not sign", _with(_badly_signed), "400 malformed"),
    _row("enrols with a weak key", _with(lambda: request_for(ec.generate_private_key(ec.SECP192R1()))), "400 malformed"),
    _row("enrols with a key of another kind", _with(lambda: request_for(rsa.generate_private_key(65537, 1024))),
         "400 malformed"),
    _row("enrols with a request of no form", _with(lambda: "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"), "400 malformed"),
    Attempt(tries="enrols with a body of no form", who="nobody", method="POST", target="/enrol", body="[]",
            source="127.0.3.1", must="400 malformed"),
    Attempt(tries="enrols with a field too many", who="nobody", method="POST", target="/enrol", source="127.0.3.2",
            body='{"device":"<device>","code":"x","csr":"x","household":"<other>"}', must="400 malformed"),
    Attempt(tries="enrols with a query", who="nobody", method="POST", target="/enrol?device=<device>", body="{}",
            source="127.0.3.3", must="403 forbidden"),
    Attempt(tries="enrols by GET", who="nobody", target="/enrol", source="127.0.3.4", must="401 certificate_missing"),
    Attempt(tries="enrols at a path that only looks the same", who="nobody", method="POST", target="/enrol/",
            body="{}", source="127.0.3.5", must="401 certificate_missing"),
    _row("renews a certificate that nobody recorded", _renews("unrecorded"),
         "403 certificate_unknown"),
    _row("renews a certificate of an erased household", _renews("of_an_erased_household"), "403 household_erased"),
    _row("renews with a request that its key did not sign",
         lambda world: _post(world, RENEW_PATH, "device", csr=_badly_signed()), "400 malformed"),
    _row("renews too often", _renews_too_often, "429 too_many", settles=True),
    _row("comes back although its certificate holds", _returns("device"), "409 certificate_valid"),
    _row("comes back with a revoked certificate", _returns("revoked"), "403 certificate_revoked"),
    _row("comes back with a certificate that nobody recorded", _returns("expired_unrecorded"),
         "403 certificate_unknown"),
    _row("comes back with a certificate that it signed itself", _returns("self_signed"), "403 certificate_unknown"),
    _row("comes back with a certificate of another authority", _returns("foreign_authority"),
         "403 certificate_unknown"),
    _row("comes back after the grace period", _returns("beyond_grace"), "410 beyond_grace"),
    _row("comes back with somebody's ended certificate and another key",
         _returns("expired_alone", signer="neighbour"), "403 proof_wrong"),
    _row("comes back with a challenge of its own making", _returns("expired_alone", challenge="9999999999.00.00"),
         "403 challenge_old"),
    _row("comes back with the proof of another request", _returns("expired_alone", other_request=True),
         "403 proof_wrong"),
    _row("comes back although another certificate of its device was revoked", _returns("expired_of_a_stolen_device"),
         "403 certificate_revoked"),
)  # fmt: skip

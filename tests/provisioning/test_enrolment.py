"""Who gets a certificate, and who does not: codes, renewal, and the way back after the end."""

import base64
import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from couch.certificate import read_certificate
from couch.enrolment import (
    CertificateAnswer,
    ChallengeAnswer,
    EnrolmentRefused,
    EnrolRequest,
    RenewRequest,
    ReturnRequest,
    proof_text,
)
from couch.names import SCOPES
from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.ca.rotation import rotate
from provisioning.device_bundle import Handing
from provisioning.device_listing import listed_devices
from provisioning.device_revocation import revoke_device

PASSPHRASE = Secret("correct horse battery staple")  # as in conftest.py


def facts(chain: str) -> Any:
    return read_certificate(chain.encode())


def refused(code: str) -> Any:
    return pytest.raises(EnrolmentRefused, check=lambda err: err.code == code)


def renew(bench: Any, chain: str, request: str) -> str:
    answer: str = bench.enrolment.renew(facts(chain), RenewRequest(csr=request)).chain
    return answer


def come_back(bench: Any, chain: str, key: Any, request: str, **changed: str) -> str:
    """The whole conversation of a device whose certificate has ended."""
    asked = bench.enrolment.come_back(ReturnRequest(certificate=chain))
    assert isinstance(asked, ChallengeAnswer)
    signature = key.sign(proof_text(asked.challenge, request), ec.ECDSA(SHA256()))
    parts = {
        "certificate": chain,
        "challenge": asked.challenge,
        "signature": base64.b64encode(signature).decode(),
        "csr": request,
    }
    answer = bench.enrolment.come_back(ReturnRequest(**{**parts, **changed}))
    assert isinstance(answer, CertificateAnswer)
    return answer.chain


def test_a_code_becomes_a_certificate_for_its_device_and_household(bench: Any) -> None:
    bundle, key, chain = bench.joined()
    found = facts(chain)
    assert (found.device, found.household) == (bundle.device, bundle.household)
    assert found.scopes == frozenset(SCOPES)
    assert x509.load_pem_x509_certificate(chain.encode()).public_key() == key.public_key()
    assert bench.households.serials == {bundle.device: found.serial}


def test_the_memory_of_enrolment_holds_no_email(bench: Any) -> None:
    bench.joined()
    bench.pass_time(days=100)
    written = b"".join(path.read_bytes() for path in (bench.folder / "ca").glob("*.sqlite*"))
    assert b"example.org" not in written
    assert b"ada@" not in written


def test_a_used_code_is_refused_to_another_key(bench: Any, device_key: Any) -> None:
    bundle, _, _ = bench.joined()
    with refused("code_used"):
        bench.enrol(bundle, device_key())


def test_whoever_used_a_code_may_come_again_since_the_answer_may_be_lost(bench: Any) -> None:
    bundle, key, first = bench.joined()
    bench.restart()
    second = bench.enrol(bundle, key)
    assert facts(first).serial != facts(second).serial


def test_of_two_devices_with_one_code_one_gets_it(bench: Any, device_key: Any) -> None:
    bundle, outcomes = bench.bundle(), []

    def try_once() -> None:
        try:
            outcomes.append(bool(bench.enrol(bundle, device_key())))
        except EnrolmentRefused as err:
            outcomes.append(err.code)

    threads = [threading.Thread(target=try_once) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["True", *["code_used"] * 4]


def test_a_code_ends(bench: Any, device_key: Any) -> None:
    bundle = bench.bundle()
    bench.pass_time(days=7)
    with refused("code_expired"):
        bench.enrol(bundle, device_key())


def test_a_code_is_good_for_its_own_device_alone(bench: Any, device_key: Any) -> None:
    one, other = bench.bundle(), bench.bundle()
    with refused("code_wrong"):
        bench.enrol(one, device_key(), code=other.code.reveal())
    assert bench.enrol(other, device_key())


def test_what_is_wrong_with_a_code_is_told_only_to_whoever_knows_it(bench: Any, device_key: Any) -> None:
    bundle, _, _ = bench.joined()
    with refused("code_wrong"):
        bench.enrol(bundle, device_key(), code="guessed")
    unknown = bench.bundle()
    with refused("code_wrong"):
        bench.enrol(
            type(unknown)(**{**as_dict(unknown), "device": "0" * 8 + unknown.device[8:]}), device_key()
        )


def as_dict(bundle: Any) -> dict[str, Any]:
    return {name: getattr(bundle, name) for name in bundle.__struct_fields__}


def test_guessing_is_slowed_down_and_the_right_code_waits_too(bench: Any, device_key: Any) -> None:
    bundle = bench.bundle()
    for _ in range(10):
        with refused("code_wrong"):
            bench.enrol(bundle, device_key(), code="guessed")
    with refused("too_many") as caught:
        bench.enrol(bundle, device_key())
    assert 0 < caught.value.retry_after_s <= 3601
    bench.pass_time(hours=1)
    assert bench.enrol(bundle, device_key())


def test_tries_for_one_device_do_not_keep_another_out(bench: Any, device_key: Any) -> None:
    attacked, other = bench.bundle(), bench.bundle()
    for _ in range(11):
        with pytest.raises(EnrolmentRefused):
            bench.enrol(attacked, device_key(), code="guessed")
    assert bench.enrol(other, device_key())


@pytest.mark.parametrize("request_text", ["", "nonsense", "-----BEGIN CERTIFICATE REQUEST-----\nAA==\n"])
def test_a_request_that_is_none_spends_no_code(bench: Any, device_key: Any, request_text: str) -> None:
    bundle = bench.bundle()
    with refused("malformed"):
        bench.enrolment.enrol(EnrolRequest(bundle.device, bundle.code.reveal(), request_text))
    assert bench.enrol(bundle, device_key())


def test_a_request_without_the_key_s_own_signature_is_refused(
    bench: Any, device_key: Any, signing_request: Any
) -> None:
    good = x509.load_pem_x509_csr(signing_request(device_key()).encode())
    der = bytearray(good.public_bytes(Encoding.DER))
    der[-1] ^= 1
    body = base64.b64encode(bytes(der)).decode()
    forged = f"-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n"
    bundle = bench.bundle()
    with refused("malformed"):
        bench.enrolment.enrol(EnrolRequest(bundle.device, bundle.code.reveal(), forged))


def test_the_centre_s_own_trouble_is_said_as_such_and_the_code_stays_good(
    bench: Any, device_key: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bundle, key = bench.bundle(), device_key()
    bench.households.reachable = False
    with refused("unavailable") as caught:
        bench.enrol(bundle, key)
    assert "database" not in str(caught.value)
    assert "does not answer" in caplog.text
    bench.households.reachable = True
    assert bench.enrol(bundle, key)


def test_nobody_joins_an_erased_household(bench: Any, device_key: Any) -> None:
    bundle = bench.bundle()
    bench.households.erased.add(bundle.household)
    with refused("household_erased"):
        bench.enrol(bundle, device_key())


def test_a_certificate_is_renewed_for_the_same_device(bench: Any, signing_request: Any) -> None:
    bundle, key, chain = bench.joined()
    bench.pass_time(days=60)
    new = facts(renew(bench, chain, signing_request(key)))
    assert (new.device, new.household) == (bundle.device, bundle.household)
    assert new.not_after == bench.at + timedelta(days=90)


def test_a_device_gets_so_many_certificates_a_day(bench: Any, signing_request: Any) -> None:
    _, key, chain = bench.joined()
    for _ in range(11):
        renew(bench, chain, signing_request(key))
    with refused("too_many") as caught:
        renew(bench, chain, signing_request(key))
    bench.pass_time(seconds=caught.value.retry_after_s)
    assert renew(bench, chain, signing_request(key))


def test_a_revoked_device_gets_nothing_more_by_any_path(
    bench: Any, signing_request: Any, device_key: Any
) -> None:
    bundle, key, chain = bench.joined()
    bench.pass_time(days=60)
    second = renew(bench, chain, signing_request(key))
    assert len(revoke_device(bench.memory, bundle.device, "key_compromise", bench.at)) == 2
    for held in (chain, second):
        with refused("certificate_revoked"):
            renew(bench, held, signing_request(key))
    with refused("code_wrong"):
        bench.enrol(bundle, device_key())
    bench.pass_time(days=100)
    for held in (chain, second):
        with refused("certificate_revoked"):
            bench.enrolment.come_back(ReturnRequest(certificate=held))
    entry = bench.entry(bundle.device, bundle.household)
    assert bench.hand_out(entry).outcome is Handing.REVOKED
    assert revoke_device(bench.memory, bundle.device, "key_compromise", bench.at) == ()


@pytest.mark.parametrize("path", ["enrol", "renew"])
def test_a_revocation_in_the_midst_of_issuing_is_not_lost(
    bench: Any, signing_request: Any, device_key: Any, path: str
) -> None:
    bundle, key = bench.bundle(), device_key()
    chain = bench.enrol(bundle, key)
    standing = bench.households.standing

    def revoked_meanwhile(household: str) -> Any:
        revoke_device(bench.memory, bundle.device, "key_compromise", bench.at)
        return standing(household)

    bench.households.standing = revoked_meanwhile
    with refused("certificate_revoked"):
        if path == "renew":
            renew(bench, chain, signing_request(key))
        else:
            bench.enrol(bundle, key)
    records = bench.authority.records.of_device(bundle.device)
    assert len(records) == 2
    assert all(record.revoked_at is not None for record in records)


def test_a_device_whose_ended_certificate_was_the_only_one_can_still_be_revoked(bench: Any) -> None:
    bundle, _, chain = bench.joined()
    bench.pass_time(days=91)
    revoke_device(bench.memory, bundle.device, "key_compromise", bench.at)
    with refused("certificate_revoked"):
        bench.enrolment.come_back(ReturnRequest(certificate=chain))


def test_an_older_certificate_brings_nobody_back_when_a_newer_one_was_revoked(
    bench: Any, signing_request: Any
) -> None:
    _, key, chain = bench.joined()
    bench.pass_time(days=60)
    second = facts(renew(bench, chain, signing_request(key)))
    bench.authority.revoke(serial=second.serial, reason="key_compromise")
    bench.pass_time(days=31)
    with refused("certificate_revoked"):
        bench.enrolment.come_back(ReturnRequest(certificate=chain))


def test_a_device_that_was_offline_past_the_end_comes_back_and_is_reported(
    bench: Any, signing_request: Any, caplog: pytest.LogCaptureFixture
) -> None:
    bundle, key, chain = bench.joined()
    bench.pass_time(days=200)
    new = facts(come_back(bench, chain, key, signing_request(key)))
    assert new.valid_at(bench.at)
    assert not new.farewell
    (listed,) = listed_devices(bench.memory, bench.at)
    assert (listed.device, listed.state, listed.returns) == (bundle.device, "joined", (bench.at,))
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert any(bundle.device in line and "came back" in line for line in said)
    assert "example.org" not in caplog.text


def test_the_way_back_ends_too(bench: Any) -> None:
    _, _, chain = bench.joined()
    bench.pass_time(days=90 + 400, seconds=1)
    with refused("beyond_grace"):
        bench.enrolment.come_back(ReturnRequest(certificate=chain))


def test_who_is_beyond_it_gets_a_new_bundle(bench: Any, device_key: Any) -> None:
    bundle, _, _ = bench.joined()
    entry = bench.entry(bundle.device, bundle.household)
    assert bench.hand_out(entry).outcome is Handing.JOINED
    bench.pass_time(days=90 + 400, seconds=1)
    assert bench.hand_out(entry).outcome is Handing.MADE
    assert bench.enrol(bench.bundle(entry), device_key())


def test_a_certificate_that_holds_is_renewed_not_brought_back(bench: Any) -> None:
    _, _, chain = bench.joined()
    with refused("certificate_valid"):
        bench.enrolment.come_back(ReturnRequest(certificate=chain))


def test_only_the_old_key_brings_a_device_back(bench: Any, device_key: Any, signing_request: Any) -> None:
    _, key, chain = bench.joined()
    bench.pass_time(days=91)
    thief = device_key()
    with refused("proof_wrong"):
        come_back(bench, chain, thief, signing_request(thief))
    with refused("proof_wrong"):  # the proof is for another request
        come_back(bench, chain, key, signing_request(key), csr=signing_request(thief))
    with refused("proof_wrong"):
        come_back(bench, chain, key, signing_request(key), signature="no base64!")
    assert bench.store.returns() == []


def test_a_challenge_is_fresh_and_for_one_certificate(bench: Any, signing_request: Any) -> None:
    _, key, chain = bench.joined()
    _, other_key, other = bench.joined()
    bench.pass_time(days=91)
    foreign = bench.enrolment.come_back(ReturnRequest(certificate=other)).challenge
    for challenge in (foreign, "", "1.2.3", "nonsense", "9999999999.aa.bb"):
        if not challenge:
            continue
        with refused("challenge_old"):
            come_back(bench, chain, key, signing_request(key), challenge=challenge)
    asked = bench.enrolment.come_back(ReturnRequest(certificate=chain)).challenge
    bench.pass_time(minutes=5, seconds=1)
    request = signing_request(key)
    signature = base64.b64encode(key.sign(proof_text(asked, request), ec.ECDSA(SHA256()))).decode()
    with refused("challenge_old"):
        bench.enrolment.come_back(ReturnRequest(chain, asked, signature, request))
    assert come_back(bench, other, other_key, signing_request(other_key))


def test_a_certificate_that_nobody_here_issued_brings_nobody_back(
    bench: Any, tmp_path: Any, signing_request: Any, device_key: Any
) -> None:
    passphrase = Secret("another pass phrase of length")
    create_authority(tmp_path / "other", passphrase, passphrase, now=bench.now)
    bundle, key, _ = bench.joined()
    with IssuingAuthority(tmp_path / "other", passphrase, now=bench.now) as other:
        foreign = other.issue_device(signing_request(key), bundle.device, bundle.household, "a@example.org")
    bench.pass_time(days=91)
    for text in (foreign, "nonsense", bench.authority.root_certificate()):
        with refused("certificate_unknown"):
            bench.enrolment.come_back(ReturnRequest(certificate=text))


def test_an_erased_household_s_device_gets_the_farewell_of_a_day_by_renewal_and_return(
    bench: Any, signing_request: Any
) -> None:
    bundle, key, chain = bench.joined()
    bench.pass_time(days=60)
    bench.households.erased.add(bundle.household)
    first = facts(renew(bench, chain, signing_request(key)))
    bench.pass_time(days=60)
    farewell = come_back(bench, chain, key, signing_request(key))
    for each in (first, facts(farewell)):
        assert each.farewell
        assert each.scopes == frozenset()
        assert each.not_after - each.not_before <= timedelta(days=1, minutes=5)
    assert "example.org" not in str(x509.load_pem_x509_certificate(farewell.encode()).extensions)
    bench.pass_time(days=2)
    assert facts(come_back(bench, farewell, key, signing_request(key))).farewell
    assert [back.farewell for back in bench.store.returns()] == [True, True]


def test_rotating_the_authority_loses_no_device(bench: Any, signing_request: Any) -> None:
    _, key, chain = bench.joined()
    rotate(bench.folder / "ca", PASSPHRASE, PASSPHRASE, now=bench.now)
    bench.pass_time(days=2)
    _, _, newer = bench.joined()
    assert issuer_of(newer) != issuer_of(chain)
    assert issuer_of(renew(bench, chain, signing_request(key))) == issuer_of(newer)
    bench.pass_time(days=200)
    assert issuer_of(come_back(bench, chain, key, signing_request(key))) == issuer_of(newer)


def issuer_of(chain: str) -> str:
    return x509.load_pem_x509_certificates(chain.encode())[1].fingerprint(SHA256()).hex()

"""Receipts: what they tell, and that nobody changes one unseen."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from anonymizer.proof.commands import receipt as receipt_group
from anonymizer.proof.receipt import CertificateKept, make_receipt
from anonymizer.proof.signing import Forged, SigningKey, check, public_key, signing_key
from couch.documents import DeviceErasure, Erasure, ErasureProof, ErasureStep, FileSearch, MeterKept, Step
from couch.errors import Fault

HOUSEHOLD = "0d9c5a3e-5f0e-4a52-8e5b-1d0b8d8f3c11"
DEVICES = ("11111111-5f0e-4a52-8e5b-1d0b8d8f3c11", "22222222-5f0e-4a52-8e5b-1d0b8d8f3c11")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def search(**more: int) -> FileSearch:
    return FileSearch(
        **{"at": AT, "facts": 9, "found": 9, "occurrences": 40, "files": 3, "bytes": 999} | more
    )  # type: ignore[arg-type]


def erasure() -> Erasure:
    return Erasure(
        household=HOUSEHOLD,
        receipt="99999999-5f0e-4a52-8e5b-1d0b8d8f3c11",
        begun_at=AT,
        steps=tuple(ErasureStep(step=step, at=AT) for step in Step),
        consents={"consent:revoked": {"type": "consent", "state": "revoked"}},
        kept=(MeterKept(meter=HOUSEHOLD, measurements=35_040, gaps=2),),
        devices=(
            DeviceErasure(device=DEVICES[0], confirmed_at=AT, unsent_measurements=7),
            DeviceErasure(device=DEVICES[1]),
        ),
    )


def receipt(proof: ErasureProof | None = None) -> dict[str, Any]:
    certificate = CertificateKept("4a", DEVICES[0], AT, AT, None)
    return make_receipt(erasure(), proof, [certificate], AT)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key(tmp_path / "receipt.key")


def test_it_tells_what_remains_and_who_has_not_confirmed() -> None:
    told = receipt()
    assert told["complete"] is False
    assert told["devices"]["outstanding"] == [DEVICES[1]]
    assert told["devices"]["unsent_measurements_erased"] == 7
    text = json.dumps(told["remains"])
    for part in ('"serial": "4a"', '"measurements": 35040', "consent:revoked"):
        assert part in text
    assert told["search"] == {"proved": False, "why": "the files were not searched before the erasure"}


@pytest.mark.parametrize(
    ("before", "after", "proved"),
    [
        (search(), search(found=0, occurrences=0), True),
        (search(found=8), search(found=0, occurrences=0), False),
        (search(facts=0, found=0), search(facts=0, found=0, occurrences=0), False),
        (search(), search(found=1, occurrences=1), False),
        (search(), None, False),
    ],
)
def test_it_is_proved_only_when_all_was_found_before_and_nothing_after(
    before: FileSearch, after: FileSearch | None, proved: bool
) -> None:
    proof = ErasureProof(household=HOUSEHOLD, before=before, after=after)
    assert receipt(proof)["search"]["proved"] is proved


def test_a_signed_receipt_is_genuine_in_any_layout(key: SigningKey, tmp_path: Path) -> None:
    published = tmp_path / "pub.pem"
    published.write_text(key.public_pem)
    signed = key.sign(receipt())
    for text in (json.dumps(signed), json.dumps(signed, indent=4, sort_keys=True, ensure_ascii=False)):
        assert check(json.loads(text), public_key(published)) == check(json.loads(text), None)


def test_every_change_is_noticed(key: SigningKey) -> None:
    signed = key.sign(receipt())
    for name in receipt():
        with pytest.raises(Forged):
            check({**signed, name: "else"}, None)
        with pytest.raises(Forged):
            check({other: value for other, value in signed.items() if other != name}, None)
    with pytest.raises(Forged):
        check({**signed, "more": 1}, None)
    for damaged in ({}, {"algorithm": "none"}, {**signed["signature"], "value": "AA=="}, "x"):
        with pytest.raises(Forged):
            check({**signed, "signature": damaged}, None)


def test_another_survey_s_receipt_is_not_ours(key: SigningKey, tmp_path: Path) -> None:
    ours = tmp_path / "pub.pem"
    ours.write_text(key.public_pem)
    with pytest.raises(Forged, match="another key"):
        check(signing_key(tmp_path / "other").sign(receipt()), public_key(ours))


def test_the_key_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "receipt.key"
    first = signing_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signing_key(path).public_pem == first.public_pem
    path.chmod(0o640)
    with pytest.raises(Fault, match="can be read by others"):
        signing_key(path)


def test_verify_says_one_line(key: SigningKey, tmp_path: Path) -> None:
    file, published = tmp_path / "receipt.json", tmp_path / "pub.pem"
    file.write_text(json.dumps(key.sign(receipt())))
    published.write_text(key.public_pem)
    run = CliRunner().invoke(receipt_group, ["verify", str(file), "--key", str(published)])
    assert (run.exit_code, run.output.count("\n")) == (0, 1)
    assert run.output.startswith("Genuine: receipt 99999999-")
    file.write_text(file.read_text().replace("35040", "35041"))
    run = CliRunner().invoke(receipt_group, ["verify", str(file)])
    assert isinstance(run.exception, Forged)  # the front door prints it and ends with 2
    file.write_text('{"format": 1, "format": 2}')
    assert isinstance(CliRunner().invoke(receipt_group, ["verify", str(file)]).exception, Forged)

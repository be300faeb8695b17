"""An authority is made whole or not at all, also when its maker is killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from couch.errors import Fault
from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.ca.rotation import rotate

# Runs one command of the authority and kills its own process, as a power failure would, after a step.
KILLED = """
import os, signal, sys
from pathlib import Path
from couch.secret import Secret
from provisioning.ca.creation import create_authority
from provisioning.ca.rotation import rotate

action, folder, step = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
phrase = Secret("correct horse battery staple")

def after_step(done):
    if done == step:
        os.kill(os.getpid(), signal.SIGKILL)

make = create_authority if action == "create" else rotate
make(folder, phrase, phrase, after_step=after_step)
"""
ISSUING = """
import sys
from pathlib import Path
from couch.certificate import read_certificate
from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.keys import new_key
from provisioning.ca.signing_request import new_signing_request

csr = new_signing_request(new_key())
device, household = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01", "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"
with IssuingAuthority(Path(sys.argv[1]), Secret("correct horse battery staple")) as authority:
    while True:
        chain = authority.issue_device(csr, device, household, "ada@example.org")
        print(read_certificate(chain.encode()).serial, flush=True)
"""


def killed(action: str, folder: Path, step: str) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, action, folder, step], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, passphrase: Secret) -> None:
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(Fault, match="not empty"):
        create_authority(tmp_path, passphrase, passphrase)
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


def test_an_authority_is_never_replaced(folder: Path, passphrase: Secret) -> None:
    root = (folder / "root.pem").read_bytes()
    with pytest.raises(Fault, match="never replaced"):
        create_authority(folder, passphrase, passphrase)
    assert (folder / "root.pem").read_bytes() == root


def test_an_empty_folder_is_taken(tmp_path: Path, passphrase: Secret) -> None:
    (tmp_path / "ca").mkdir()
    create_authority(tmp_path / "ca", passphrase, passphrase)
    assert (tmp_path / "ca" / "crl.pem").exists()


def test_a_short_pass_phrase_is_refused(tmp_path: Path, passphrase: Secret) -> None:
    for given in ((Secret("short"), passphrase), (passphrase, Secret("short"))):
        with pytest.raises(Fault, match="at least 16"):
            create_authority(tmp_path / "ca", *given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "x" * 65, "line\nbreak"])
def test_a_name_that_cannot_stand_in_certificates_is_refused(
    tmp_path: Path, passphrase: Secret, name: str
) -> None:
    with pytest.raises(Fault, match="survey's name"):
        create_authority(tmp_path / "ca", passphrase, passphrase, organization=name)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, passphrase: Secret) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Fault, match="cannot be made"):
        create_authority(tmp_path / "file" / "ca", passphrase, passphrase)


def test_the_root_may_have_a_pass_phrase_of_its_own(tmp_path: Path, passphrase: Secret) -> None:
    own = Secret("an offline pass phrase")
    create_authority(tmp_path / "ca", passphrase, own)
    with pytest.raises(Fault, match="pass phrase is wrong"):
        rotate(tmp_path / "ca", passphrase, passphrase)
    rotate(tmp_path / "ca", passphrase, own)


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path, passphrase: Secret) -> None:
    def fail(step: str) -> None:
        if step == "root list":
            raise OSError(28, "No space left on device")

    with pytest.raises(Fault, match="no space left"):
        create_authority(tmp_path / "ca", passphrase, passphrase, after_step=fail)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("step", ["root key", "root recorded", "key", "records", "root list", "published"])
def test_a_killed_maker_leaves_no_authority_and_the_next_one_makes_it(
    tmp_path: Path, passphrase: Secret, step: str
) -> None:
    killed("create", tmp_path / "ca", step)
    assert not (tmp_path / "ca").exists()
    create_authority(tmp_path / "ca", passphrase, passphrase)
    assert [path.name for path in tmp_path.iterdir()] == ["ca"]


@pytest.mark.slow
@pytest.mark.parametrize("step", ["key", "records", "root list"])
def test_a_rotation_that_was_killed_is_completed_by_the_next_run(
    tmp_path: Path, passphrase: Secret, step: str
) -> None:
    folder = create_authority(tmp_path / "ca", passphrase, passphrase)
    killed("rotate", folder.path, step)
    with IssuingAuthority(folder.path, passphrase) as authority:
        authority.crl()  # the old one works on
        made = rotate(folder.path, passphrase, passphrase)
        assert len(authority.chains()) == 2
        assert made.certificate in authority.chains()
        assert not authority.crl_due()
        assert folder.trust.read_text() == authority.trust_bundle()


@pytest.mark.slow
def test_every_certificate_that_left_a_killed_authority_is_recorded(folder: Path, passphrase: Secret) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ISSUING, folder], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        left = [process.stdout.readline().strip() for _ in range(10)]
        process.kill()
        left += process.stdout.read().split()
    with IssuingAuthority(folder, passphrase) as authority:
        assert len(left) >= 10
        assert not any(authority.is_revoked(serial) for serial in left if len(serial) == 40)

"""`survey edge join`: from a bundle to a device, whatever happens on the way."""

import itertools
import os
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from couch.bundle import Bundle, BundleMeter, bundle_text
from couch.enrolment import EnrolmentRefused
from couch.errors import Fault, Unreachable
from couch.secret import Secret
from edge import joining
from edge.centre_identity import CentreIdentity, signing_request
from edge.commands import edge
from edge.joining import Joined
from edge.one_writer import alone_in
from edge.settings import load_settings
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority

PASSPHRASE = Secret("correct horse battery staple")
NOW = datetime.now(UTC).replace(microsecond=0)
DEVICE = "22222222-2222-4222-8222-222222222222"
HOUSEHOLD = "33333333-3333-4333-8333-333333333333"
METER = "11111111-1111-4111-8111-111111111111"


class PowerFailure(BaseException):
    """The process ends here: nothing may catch it."""


class CentreOnPaper:
    """The centre as `EnrolmentClient` asks it. `trouble` is raised before, `lost` after it has signed."""

    def __init__(self, authority: IssuingAuthority) -> None:
        self.authority = authority
        self.asked: list[tuple[str, str]] = []
        self.trouble: Exception | None = None
        self.lost: Exception | None = None
        self.names = (DEVICE, HOUSEHOLD)

    def open(self, url: str, identity: CentreIdentity) -> "CentreOnPaper":
        assert url == "https://centre.example.org:6984"
        assert identity.ca.exists(), "whom to trust is known before anybody is asked"
        return self

    def enrol(self, device: str, code: str, key: Any) -> str:
        self.asked.append((device, code))
        if self.trouble is not None:
            raise self.trouble
        chain = self.authority.issue_device(signing_request(key), *self.names, "ada@example.org")
        if self.lost is not None:
            raise self.lost
        return chain


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("authority") / "ca"
    create_authority(folder, PASSPHRASE, PASSPHRASE, now=lambda: NOW - timedelta(days=1))
    with IssuingAuthority(folder, PASSPHRASE, now=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def centre(authority: IssuingAuthority) -> CentreOnPaper:
    return CentreOnPaper(authority)


@pytest.fixture
def bundle(authority: IssuingAuthority) -> Bundle:
    return Bundle(
        household=HOUSEHOLD,
        device=DEVICE,
        name="cellar",
        centre_url="https://centre.example.org:6984",
        local_url="http://127.0.0.1:5999",
        code=Secret("the code"),
        made=NOW - timedelta(hours=1),
        expires=NOW + timedelta(days=7),
        ca=authority.root_certificate(),
        meters=(
            BundleMeter(meter=METER, name="grid", head="serial:///dev/ttyUSB0"),
            BundleMeter(meter=METER.replace("1111-1", "1112-1"), name="roof"),
        ),
    )


@pytest.fixture
def join(bundle: Bundle, centre: CentreOnPaper, tmp_path: Path) -> Callable[..., Joined]:
    """Join with the bundle, or another one, at another time."""
    file = tmp_path / "cellar.bundle.toml"

    def run(changed: Bundle = bundle, *, at: datetime = NOW, **options: Any) -> Joined:
        file.write_text(bundle_text(changed))
        options.setdefault("folder", tmp_path / "device")
        return joining.join(file, now=lambda: at, open_centre=centre.open, **options)

    return run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


ALL = ["ca.pem", "couchdb.ini", "device.key", "device.pem", "device.toml", "node.toml", "page.toml"]


def test_joining_leaves_all_that_a_device_needs(join: Any, tmp_path: Path, centre: CentreOnPaper) -> None:
    joined = join()
    folder = tmp_path / "device"
    assert names(folder) == ALL
    assert sorted(joined.written) == ALL
    assert centre.asked == [(DEVICE, "the code")]
    assert (joined.device, joined.household, joined.already) == (DEVICE, HOUSEHOLD, False)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert b"the code" not in b"".join(path.read_bytes() for path in folder.iterdir())


def test_the_agent_reads_the_settings_and_finds_the_identity(join: Any, tmp_path: Path) -> None:
    join()
    settings = load_settings(tmp_path / "device" / "device.toml", {})
    assert settings.centre.certificate_file == tmp_path / "device" / "device.pem"
    assert settings.centre.user is None
    assert [meter.head for meter in settings.meters] == ["serial:///dev/ttyUSB0"]
    assert settings.local.agent.password != settings.local.page.password
    page = tomllib.loads((tmp_path / "device" / "page.toml").read_text())
    assert page["local"]["password"] == settings.local.page.password.reveal()


def test_the_node_and_couchdb_are_told_the_same_identity(join: Any, tmp_path: Path) -> None:
    join()
    node = tomllib.loads((tmp_path / "device" / "node.toml").read_text())
    assert node["replicator"]["cert_file"] == str(tmp_path / "device" / "device.pem")
    assert node["port"] == 5999
    ini = (tmp_path / "device" / "couchdb.ini").read_text()
    assert f"key_file = {tmp_path / 'device' / 'device.key'}" in ini
    assert "verify_ssl_certificates = true" in ini
    assert f"admin = {node['admin_password']}" in ini


def test_what_nobody_knows_yet_is_said(join: Any) -> None:
    (missing,) = join().missing
    assert "roof" in missing
    assert "[[meters]]" in missing


def test_joining_again_changes_nothing(join: Any, tmp_path: Path, centre: CentreOnPaper) -> None:
    join()
    before = {path.name: path.read_bytes() for path in (tmp_path / "device").iterdir()}
    again = join()
    assert (again.already, again.written) == (True, ())
    assert {path.name: path.read_bytes() for path in (tmp_path / "device").iterdir()} == before
    assert len(centre.asked) == 1


def test_edited_settings_stay(join: Any, tmp_path: Path) -> None:
    join()
    file = tmp_path / "device" / "device.toml"
    file.write_text(file.read_text() + "# mine\n")
    (tmp_path / "device" / "device.pem").unlink()
    join()
    assert file.read_text().endswith("# mine\n")


def failing_at(number: int) -> Callable[[str], None]:
    """The power goes after so many steps."""
    steps = itertools.count(1)

    def after_step(_step: str) -> None:
        if next(steps) == number:
            raise PowerFailure

    return after_step


def test_a_power_failure_after_any_step_is_mended_by_another_run(
    join: Any, tmp_path: Path, centre: CentreOnPaper
) -> None:
    reached = 0
    for failing in itertools.count(1):
        folder = tmp_path / f"device-{failing}"
        try:
            join(folder=folder, after_step=failing_at(failing))
            break
        except PowerFailure:
            key = folder / "device.key"
            before = key.read_bytes() if key.exists() else None
            joined = join(folder=folder)
            assert names(folder) == ALL
            assert before in (None, key.read_bytes()), "the key is made once"
            assert joined.facts.device == DEVICE
            reached = failing
    assert reached == 5


def test_a_power_failure_inside_any_write_leaves_whole_files_or_none(
    join: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable = os.fsync
    for failing in itertools.count(1):
        calls = itertools.count(1)

        def fsync(descriptor: int, calls: Any = calls, failing: int = failing) -> None:
            if next(calls) == failing:
                raise PowerFailure
            durable(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)
        folder = tmp_path / f"device-{failing}"
        try:
            join(folder=folder)
            break
        except PowerFailure:
            monkeypatch.setattr(os, "fsync", durable)
            assert set(names(folder)) <= set(ALL)
            join(folder=folder)
            assert names(folder) == ALL
    assert failing > len(ALL)


def test_what_a_killed_run_left_half_written_is_removed(join: Any, tmp_path: Path) -> None:
    folder = tmp_path / "device"
    folder.mkdir()
    (folder / ".device.key.0a1b2c3d").write_text("half a key")
    (folder / "notes.txt").write_text("mine")
    join()
    assert names(folder) == sorted([*ALL, "notes.txt"])


def test_two_at_once_do_not_mix(join: Any, tmp_path: Path, centre: CentreOnPaper) -> None:
    with alone_in(tmp_path / "device", ()), pytest.raises(Fault, match="another process"):
        join()
    assert centre.asked == []


def test_a_lost_answer_costs_nothing(join: Any, tmp_path: Path, centre: CentreOnPaper) -> None:
    centre.lost = Unreachable("the centre did not answer in time.")
    with pytest.raises(Unreachable, match="run this again"):
        join()
    key = (tmp_path / "device" / "device.key").read_bytes()
    centre.lost = None
    join()
    assert (tmp_path / "device" / "device.key").read_bytes() == key
    assert centre.asked == [(DEVICE, "the code")] * 2


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("code_wrong", "new bundle"),
        ("code_used", "Another device"),
        ("code_expired", "new bundle"),
        ("household_erased", "erased"),
        ("too_many", "in 60 s"),
        ("unavailable", "Run this again"),
    ],
)
def test_a_refusal_says_what_to_do(join: Any, centre: CentreOnPaper, code: Any, said: str) -> None:
    centre.trouble = EnrolmentRefused(code, "for a reason", retry_after_s=60)
    with pytest.raises(Fault, match=said) as caught:
        join()
    assert "\n" not in str(caught.value)


def test_a_clock_that_is_not_set_is_said_before_anything_is_written(join: Any, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="the clock is not set: it says 1970"):
        join(at=datetime(1970, 1, 1, 0, 3, tzinfo=UTC))
    assert names(tmp_path / "device") == []


def test_an_ended_bundle_is_said_before_anything_is_written(join: Any, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="new bundle"):
        join(at=NOW + timedelta(days=7))
    assert names(tmp_path / "device") == []


def test_an_ended_bundle_of_a_device_that_joined_changes_nothing(join: Any) -> None:
    join()
    assert join(at=NOW + timedelta(days=30)).already
    with pytest.raises(Fault, match="survey edge run"):
        join(at=NOW + timedelta(days=300))


@pytest.mark.parametrize("field", ["device", "household"])
def test_another_device_s_folder_is_left_alone(join: Any, bundle: Bundle, tmp_path: Path, field: str) -> None:
    join()
    before = {path.name: path.read_bytes() for path in (tmp_path / "device").iterdir()}
    with pytest.raises(Fault, match="another device"):
        join(msgspec.structs.replace(bundle, **{field: METER}))
    assert {path.name: path.read_bytes() for path in (tmp_path / "device").iterdir()} == before


def test_a_certificate_for_another_device_or_key_is_not_taken(
    join: Any, tmp_path: Path, centre: CentreOnPaper
) -> None:
    centre.names = (METER, HOUSEHOLD)
    with pytest.raises(Fault, match="another device"):
        join()
    centre.names = (DEVICE, HOUSEHOLD)
    other = ec.generate_private_key(ec.SECP256R1())
    signs = centre.enrol
    centre.enrol = lambda device, code, _key: signs(device, code, other)  # type: ignore[method-assign]
    with pytest.raises(Fault, match="not for this device"):
        join()
    assert "device.pem" not in names(tmp_path / "device")


def test_a_certificate_of_another_survey_is_not_taken(
    join: Any, tmp_path: Path, centre: CentreOnPaper
) -> None:
    create_authority(tmp_path / "other", PASSPHRASE, PASSPHRASE)
    with IssuingAuthority(tmp_path / "other", PASSPHRASE) as other:
        centre.authority = other
        with pytest.raises(Fault, match="not for this device"):
            join()
    assert "device.pem" not in names(tmp_path / "device")


def rsa_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("nonsense", 0o600, "holds no private key"),
        ("", 0o600, "holds no private key"),
        (None, 0o644, "chmod 600"),
        ("rsa", 0o600, "P-256"),
    ],
)
def test_a_key_that_is_of_no_use_is_said_and_never_replaced(
    join: Any, tmp_path: Path, text: str | None, mode: int, said: str
) -> None:
    join()
    key = tmp_path / "device" / "device.key"
    if text is not None:
        key.write_text(rsa_key() if text == "rsa" else text)
    key.chmod(mode)
    (tmp_path / "device" / "device.pem").unlink()
    before = key.read_bytes()
    with pytest.raises(Fault, match=said):
        join()
    assert key.read_bytes() == before


def test_a_head_that_is_no_address_is_said_first(join: Any, bundle: Bundle, tmp_path: Path) -> None:
    wrong = BundleMeter(meter=METER, head="parallel://x")
    with pytest.raises(Fault, match="parallel"):
        join(msgspec.structs.replace(bundle, meters=(wrong,)))
    assert names(tmp_path / "device") == []


def test_a_bundle_without_an_authority_is_said_before_anything_is_written(
    join: Any, bundle: Bundle, tmp_path: Path
) -> None:
    with pytest.raises(Fault, match="authority"):
        join(msgspec.structs.replace(bundle, ca="nonsense"))
    assert names(tmp_path / "device") == []


def test_a_folder_that_cannot_be_written_is_said(join: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Fault, match="cannot be written"):
        join(folder=tmp_path / "file" / "device")


def test_the_command_explains_itself_and_says_what_is_wrong(tmp_path: Path) -> None:
    assert "survey edge join" in CliRunner().invoke(edge, ["join", "--help"]).output
    result = CliRunner().invoke(edge, ["join", str(tmp_path / "none"), "--folder", str(tmp_path)])
    assert isinstance(result.exception, Fault)

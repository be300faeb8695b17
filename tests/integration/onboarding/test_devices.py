"""`survey device replace`, `revoke`, `list`: a broken device's meters and history stay, its identity ends."""

import itertools
import uuid
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from couch.bundle import Bundle, read_bundle
from couch.enrolment import EnrolmentRefused, EnrolRequest, ReturnRequest
from couch.errors import Fault
from couch.secret import Secret
from edge.centre_identity import CentreIdentity, signing_request
from provisioning.ca.authority import IssuingAuthority, real_time
from provisioning.device_commands import device as device_commands
from provisioning.device_replacement import replace_device
from provisioning.onboarding import opened_onboarding

PASSPHRASE = "correct horse battery staple"
SLOT = "2026-03-01T00:00:00Z"


class Interrupted(Exception):
    """A power failure, right after a step."""


def enrol(enrolment: Any, bundle: Bundle, folder: Path) -> str:
    """The chain of a device that joins with this bundle."""
    key = CentreIdentity(folder, folder, folder / f"{uuid.uuid4()}.key").ensure_key()
    request = EnrolRequest(bundle.device, bundle.code.reveal(), signing_request(key))
    return str(enrolment.enrol(request).chain)


def measured(centre: Any, bundle: Bundle) -> str:
    """A measurement that the device made, as it stands at the centre."""
    name = f"measurement:{bundle.meters[0].meter}:{SLOT}"
    database = centre.admin.database(f"household-{bundle.household}")
    rules = database.get("_design/rules")
    database.delete("_design/rules", rules["_rev"])  # who may write it is tested elsewhere
    database.put(
        {"_id": name, "type": "measurement", "meter": bundle.meters[0].meter, "device": bundle.device}
    )
    rules.pop("_rev")
    database.replace("_design/rules", lambda _stored: rules)
    return name


def replaced(centre: Any, old: str, tmp_path: Path, *options: str, **environ: str) -> Any:
    return centre.device("replace", old, "--out", str(tmp_path), *options, **environ)


def test_a_new_device_takes_over_meters_and_history(centre: Any, enrolment: Any, tmp_path: Path) -> None:
    bundle, _ = centre.invited()
    enrol(enrolment, bundle, tmp_path)
    name = measured(centre, bundle)
    meter = bundle.meters[0].meter
    told = replaced(centre, bundle.device, tmp_path, "--meter", f"meter={meter} head=serial:///dev/ttyUSB1")
    new = read_bundle(Path(told["bundle"]))
    assert (new.household, new.name) == (bundle.household, "cellar")
    assert [(each.meter, each.head) for each in new.meters] == [(meter, "serial:///dev/ttyUSB1")]
    database = centre.database(bundle.household)
    assert database.get(f"meter:{meter}")["device"] == new.device
    assert database.get(f"device:{new.device}")["meters"] == [meter]
    assert database.get(f"device:{bundle.device}")["meters"] == []
    assert database.get(name)["device"] == bundle.device, "history says who measured"
    assert enrol(enrolment, new, tmp_path)


def test_the_old_device_is_out_for_good(centre: Any, enrolment: Any, tmp_path: Path) -> None:
    bundle, _ = centre.invited()
    chain = enrol(enrolment, bundle, tmp_path)
    told = replaced(centre, bundle.device, tmp_path)
    assert len(told["revoked"]) == 1
    with pytest.raises(EnrolmentRefused, check=lambda err: err.code == "code_wrong"):
        enrol(enrolment, bundle, tmp_path)
    with pytest.raises(EnrolmentRefused, check=lambda err: err.code == "certificate_revoked"):
        enrolment.come_back(ReturnRequest(certificate=chain))
    states = {
        each["device"]: each["state"] for each in centre.device("list", "--household", bundle.household)
    }
    assert states == {bundle.device: "replaced", told["device"]: "invited"}


def test_a_replacement_interrupted_after_any_step_is_completed_by_another_run(
    centre: Any, tmp_path: Path
) -> None:
    bundle, _ = centre.invited()
    for failing in itertools.count(1):
        steps = itertools.count(1)

        def after_step(_step: str, steps: Any = steps, failing: int = failing) -> None:
            if next(steps) == failing:
                raise Interrupted

        try:
            with opened_onboarding(centre.settings(), tmp_path) as onboarding:
                done = replace_device(
                    onboarding,
                    bundle.device,
                    now=real_time(),
                    heads={},
                    local_url="http://127.0.0.1:5984",
                    after_step=after_step,
                )
            break
        except Interrupted:
            continue
    assert failing == 7
    database = centre.database(bundle.household)
    devices = [doc_id for doc_id, _ in database.rows(start="device:", end="device:~")]
    assert sorted(devices) == sorted([f"device:{bundle.device}", f"device:{done.new.device}"])
    assert database.get(f"meter:{bundle.meters[0].meter}")["device"] == done.new.device
    assert [path.name for path in tmp_path.iterdir()] == [f"{done.new.device}.bundle.toml"]


def test_the_one_that_took_over_can_be_replaced_too(centre: Any, tmp_path: Path) -> None:
    bundle, _ = centre.invited()
    second = replaced(centre, bundle.device, tmp_path)["device"]
    third = replaced(centre, second, tmp_path)["device"]
    database = centre.database(bundle.household)
    assert database.get(f"meter:{bundle.meters[0].meter}")["device"] == third
    assert replaced(centre, bundle.device, tmp_path)["outcome"] == "replaced"
    assert database.get(f"meter:{bundle.meters[0].meter}")["device"] == third


def test_the_household_s_file_does_not_bring_a_replaced_device_back(centre: Any, tmp_path: Path) -> None:
    file = centre.home()
    (device,) = centre.add_household(file)["devices"]
    replaced(centre, device["device"], tmp_path)
    (again,) = centre.add_household(file)["devices"]
    assert (again["outcome"], again["bundle"]) == ("replaced", None)


@pytest.mark.parametrize(
    ("old", "options", "said"),
    [
        ("00000000-0000-4000-8000-000000000000", (), "there is no device"),
        ("given", ("--meter", "meter=44444444-4444-4444-8444-444444444444 head=x"), "reads no meter"),
        ("given", ("--meter", "head=x"), "meter is missing"),
    ],
)
def test_what_cannot_be_replaced_is_said_and_nothing_changes(
    centre: Any, tmp_path: Path, old: str, options: tuple[str, ...], said: str
) -> None:
    bundle, _ = centre.invited()
    before = centre.database(bundle.household).info()["update_seq"]
    target = bundle.device if old == "given" else old
    arguments = ["replace", target, "--out", str(tmp_path), *options, "--config", str(centre.config)]
    result = CliRunner().invoke(device_commands, arguments)
    assert isinstance(result.exception, Fault)
    assert said in str(result.exception)
    assert centre.database(bundle.household).info()["update_seq"] == before
    assert list(tmp_path.iterdir()) == []


def test_a_revoked_device_is_refused_at_once_and_in_the_list(
    centre: Any, enrolment: Any, tmp_path: Path
) -> None:
    bundle, _ = centre.invited()
    enrol(enrolment, bundle, tmp_path)
    told = centre.device("revoke", bundle.device, "--reason", "key_compromise")
    (serial,) = told["revoked"]
    assert told["crl"] is False
    with IssuingAuthority(centre.ca, Secret(PASSPHRASE)) as authority:
        assert authority.is_revoked(serial)
    assert centre.device("list", "--household", bundle.household)[0]["state"] == "revoked"


def test_with_the_pass_phrase_the_list_of_the_authority_says_it_too(
    centre: Any, enrolment: Any, tmp_path: Path
) -> None:
    bundle, _ = centre.invited()
    enrol(enrolment, bundle, tmp_path)
    before = (centre.ca / "crl.pem").read_text()
    assert centre.device("revoke", bundle.device, SURVEY_CA_PASSPHRASE=PASSPHRASE)["crl"] is True
    assert (centre.ca / "crl.pem").read_text() != before


def test_a_wrong_pass_phrase_revokes_nothing(centre: Any, enrolment: Any, tmp_path: Path) -> None:
    bundle, _ = centre.invited()
    enrol(enrolment, bundle, tmp_path)
    arguments = ["revoke", bundle.device, "--config", str(centre.config)]
    result = CliRunner().invoke(
        device_commands, arguments, env={"SURVEY_CA_PASSPHRASE": "not the pass phrase"}
    )
    assert isinstance(result.exception, Fault)
    assert "pass phrase" in str(result.exception)
    assert centre.device("list", "--household", bundle.household)[0]["state"] == "joined"


def test_the_list_says_until_when(centre: Any, enrolment: Any, tmp_path: Path) -> None:
    bundle, _ = centre.invited()
    (invited,) = centre.device("list", "--household", bundle.household)
    enrol(enrolment, bundle, tmp_path)
    (joined,) = centre.device("list", "--household", bundle.household)
    assert (invited["state"], joined["state"]) == ("invited", "joined")
    assert invited["until"] < joined["until"]
    assert (
        joined["serial"]
        == centre.database(bundle.household).get(f"device:{bundle.device}")["certificate_serial"]
    )
    lines = CliRunner().invoke(device_commands, ["list", "--config", str(centre.config)]).output
    assert f"{bundle.device}  joined until" in lines
    assert "example.org" not in lines

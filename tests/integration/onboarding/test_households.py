"""`survey household add` and `survey device add`: complete after an interruption at any step."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from couch.bootstrap import security_consent
from couch.bundle import read_bundle
from couch.centre_settings import load_centre_settings
from couch.documents import ConsentState
from couch.errors import Fault
from couch.names import household_database
from provisioning.device_commands import device as device_commands
from provisioning.household_commands import household as household_commands
from provisioning.household_creation import add_devices, create_household
from provisioning.household_file import read_devices_file, read_household_file
from provisioning.onboarding import opened_onboarding

OPTIONS = """--contact-name|Ada Example|--email|ada@example.org
|--street|Musterweg|--postal-code|24103|--city|Kiel
|--children|1|--adults|2|--adults-with-job|2|--ev-charger|--no-heat-pump|--home-battery|--device|name=cellar
|--meter|name=grid device=cellar meter_type=ELECTRICITY model=MT175 head=sim://grid?seed=1
|--pv-system|name=roof nominal_power_kw=8.4 azimuth_deg=180 tilt_deg=35 installed_on=2021-05-01"""
MORE = """
[[devices]]
name = "attic"
[[meters]]
name = "roof"
device = "attic"
meter_type = "PV_GENERATION"
model = "MT681"
"""


class Interrupted(Exception):
    """A power failure, right after a step."""


def interrupted_everywhere(work: Any) -> int:
    """Call `work(after_step)` until it is through, interrupted once after every step; how often."""
    interrupt_at = 0
    steps: list[str] = []

    def after_step(step: str) -> None:
        steps.append(step)
        if len(steps) == interrupt_at:
            raise Interrupted

    while True:
        interrupt_at += 1
        steps.clear()
        try:
            work(after_step)
        except Interrupted:
            continue
        return interrupt_at


def ids(centre: Any, household: str) -> list[str]:
    return [doc_id for doc_id, _ in centre.database(household).rows() if not doc_id.startswith("_")]


def test_a_household_interrupted_after_any_step_is_completed_by_another_run(
    centre: Any, tmp_path: Path
) -> None:
    file, made = centre.home(), []

    def work(after_step: Any) -> None:
        with opened_onboarding(centre.settings(), tmp_path) as onboarding:
            made.append(
                create_household(
                    file,
                    read_household_file(file),
                    admin=onboarding.admin,
                    worker=onboarding.worker,
                    bundles=onboarding.bundles,
                    after_step=after_step,
                )
            )

    assert interrupted_everywhere(work) == 8
    household = made[0].ids.household
    centre.households.append(household)
    assert centre.admin.database_names(household_database(household)) == [household_database(household)]
    assert len(ids(centre, household)) == 4
    database = centre.database(household)
    assert security_consent(database.security()) is ConsentState.NOT_GRANTED
    (device,) = made[0].devices
    assert read_bundle(device.handed.bundle).device == device.device
    assert [path.name for path in tmp_path.iterdir()] == [f"{device.device}.bundle.toml"]


def test_devices_have_no_account_at_the_centre(centre: Any) -> None:
    bundle, file = centre.invited()
    users = centre.admin.database("_users")
    assert not [doc_id for doc_id, _ in users.rows() if bundle.device in doc_id]
    assert "password" not in file.read_text().replace("holds passwords", "")


def test_options_say_the_same_as_a_file(centre: Any) -> None:
    file = centre.home().with_name("absent")
    arguments = OPTIONS.replace("\n", "").split("|")
    told = centre.add_household(file, *arguments)
    registration = centre.database(told["household"]).get("registration")
    assert registration["contact"] == {"name": "Ada Example", "email": "ada@example.org"}
    assert registration["metadata"]["ev_charger"] is True
    assert told["meters"].keys() == {"grid"}
    again = centre.add_household(file, *arguments)
    assert (again["household"], again["written"]) == (told["household"], 0)
    assert again["devices"][0]["outcome"] == "kept"


def test_the_faults_of_all_options_are_said_at_once_and_nothing_is_created(centre: Any) -> None:
    before = centre.admin.database_names("household-")
    file = centre.home().with_name("absent")
    arguments = ["add", str(file), "--email", "ada", "--postal-code", "1", "--config", str(centre.config)]
    result = CliRunner().invoke(household_commands, arguments)
    assert isinstance(result.exception, Fault)
    for key in ("contact.email", "contact.name", "address.postal_code", "metadata.adults"):
        assert key in str(result.exception)
    assert centre.admin.database_names("household-") == before
    assert not file.with_name("absent.ids.json").exists()


def test_what_a_researcher_corrected_is_left_as_it_stands(centre: Any) -> None:
    file = centre.home()
    told = centre.add_household(file)
    database = centre.database(told["household"])
    corrected = database.get("registration")
    corrected["address"]["city"] = "Plön"
    database.put(corrected)
    again = centre.add_household(file)
    assert (again["written"], again["left"]) == (0, ["registration"])
    assert database.get("registration")["address"]["city"] == "Plön"


def test_a_second_run_keeps_consent(centre: Any) -> None:
    file = centre.home()
    household = centre.add_household(file)["household"]
    database = centre.admin.database(household_database(household))
    database.set_security({**database.security(), "consent": {"state": "granted", "erased": False}})
    centre.add_household(file)
    assert security_consent(database.security()) is ConsentState.GRANTED


def test_devices_come_to_a_household_later_interrupted_anywhere(centre: Any, tmp_path: Path) -> None:
    household = centre.add_household(centre.home())["household"]
    file = tmp_path / "attic.toml"
    file.write_text(MORE)
    made = []

    def work(after_step: Any) -> None:
        with opened_onboarding(centre.settings(), tmp_path / "bundles") as onboarding:
            made.append(
                add_devices(
                    file,
                    read_devices_file(file),
                    household,
                    worker=onboarding.worker,
                    bundles=onboarding.bundles,
                    after_step=after_step,
                )
            )

    assert interrupted_everywhere(work) == 5
    meter, device = made[0].ids.meters["roof"], made[0].ids.devices["attic"]
    assert {f"meter:{meter}", f"device:{device}"} < set(ids(centre, household))
    assert len(ids(centre, household)) == 6
    bundle = read_bundle(made[0].devices[0].handed.bundle)
    assert (bundle.household, bundle.meters[0].head) == (household, None)


def test_a_device_comes_by_options_and_by_the_command(centre: Any, tmp_path: Path) -> None:
    household = centre.add_household(centre.home())["household"]
    told = centre.device("add", household, str(tmp_path / "garage"), "--device", "name=garage")
    assert told["devices"][0]["outcome"] == "made"
    assert read_bundle(Path(told["devices"][0]["bundle"])).name == "garage"


@pytest.mark.parametrize("household", ["00000000-0000-4000-8000-000000000000", "ada"])
def test_a_household_that_is_none_is_a_fault(centre: Any, tmp_path: Path, household: str) -> None:
    arguments = ["add", household, str(tmp_path / "x"), "--device", "name=x", "--config", str(centre.config)]
    result = CliRunner().invoke(device_commands, arguments)
    assert isinstance(result.exception, Fault)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_one_household_is_not_taken_for_another(centre: Any, tmp_path: Path) -> None:
    file = tmp_path / "attic.toml"
    file.write_text(MORE)
    first, second = (centre.add_household(centre.home())["household"] for _ in range(2))
    centre.device("add", first, str(file))
    result = CliRunner().invoke(device_commands, ["add", second, str(file), "--config", str(centre.config)])
    assert first in str(result.exception)
    assert len(ids(centre, second)) == 4


def test_nobody_joins_an_erased_household(centre: Any) -> None:
    file = centre.home()
    household = centre.add_household(file)["household"]
    database = centre.admin.database(household_database(household))
    database.set_security({**database.security(), "consent": {"state": "revoked", "erased": True}})
    for group, arguments in (
        (household_commands, ["add", str(file)]),
        (device_commands, ["add", household, str(file.with_name("x")), "--device", "name=x"]),
    ):
        result = CliRunner().invoke(group, [*arguments, "--config", str(centre.config)])
        assert isinstance(result.exception, Fault)
        assert "erased" in str(result.exception)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('device_url = "https://localhost:6984"', "", "device_url"),
        ('pseudonym_key = "key"', 'pseudonym_key = "key"\nca_folder = "none"', "survey ca init"),
    ],
)
def test_a_centre_that_cannot_invite_says_so_and_creates_nothing(
    centre: Any, tmp_path: Path, old: str, new: str, said: str
) -> None:
    before = centre.admin.database_names("household-")
    config = centre.folder / "other.toml"
    config.write_text(centre.config.read_text().replace(old, new))
    config.chmod(0o600)
    load_centre_settings(config, {})
    file = centre.home()
    result = CliRunner().invoke(household_commands, ["add", str(file), "--config", str(config)])
    assert isinstance(result.exception, Fault)
    assert said in str(result.exception)
    assert centre.admin.database_names("household-") == before
    assert [path.name for path in file.parent.iterdir()] == ["home.toml"]


def test_people_read_what_was_made(centre: Any) -> None:
    file = centre.home()
    result = CliRunner().invoke(
        household_commands, ["add", str(file), "--config", str(centre.config)], catch_exceptions=False
    )
    household = json.loads(file.with_name("home.ids.json").read_text())["household"]
    centre.households.append(household)
    assert f"household {household}: 4 documents written" in result.output
    assert "good until" in result.output

"""The file of a new household: everything that is wrong with it is said at once."""

import json
import tomllib
from datetime import date
from pathlib import Path

import pytest

from couch.errors import Fault
from provisioning.household_file import read_devices_file, read_household_file
from provisioning.household_ids import complete_ids, keep_ids, kept_ids
from provisioning.household_options import entries, placed_meters
from provisioning.household_plan import device_entries, household_documents

GOOD = """
[contact]
name = "Ada Example"
email = "ada@example.org"
[address]
street = "Musterweg"
house_number = "7"
postal_code = "24103"
city = "Kiel"
[metadata]
children = 1
adults = 2
adults_with_job = 2
ev_charger = true
heat_pump = false
home_battery = true
[location]
latitude = 54.3233
longitude = 10.1228
[[devices]]
name = "cellar"
[[meters]]
name = "grid"
device = "cellar"
meter_type = "ELECTRICITY"
model = "MT175"
head = "sim://grid?seed=1"
[[meters]]
name = "pv"
device = "cellar"
meter_type = "PV_GENERATION"
model = "MT681"
head = "sim://pv?seed=1"
[[pv_systems]]
name = "roof"
nominal_power_kw = 8.4
azimuth_deg = 180
tilt_deg = 35
installed_on = 2021-05-01
meters = ["pv"]
"""


def written(folder: Path, text: str, name: str = "home.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def fault_of(path: Path) -> str:
    with pytest.raises(Fault) as caught:
        read_household_file(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    toml = read_household_file(written(tmp_path, GOOD))
    table = tomllib.loads(GOOD)
    table["pv_systems"][0]["installed_on"] = "2021-05-01"
    assert read_household_file(written(tmp_path, json.dumps(table), "home.json")) == toml


def test_all_faults_are_reported_together(tmp_path: Path) -> None:
    text = (
        GOOD.replace("ada@example.org", "ada")
        .replace('"24103"', '"2410"')
        .replace("children = 1", "children = -1")
        .replace('"MT175"', '"MT999"')
        .replace("2021-05-01", '"soon"')
        .replace("ev_charger", "ev_carger")
    )
    fault = fault_of(written(tmp_path, text))
    for key in (
        "contact.email",
        "address.postal_code",
        "metadata.children",
        "meters[0].model",
        "pv_systems[0].installed_on",
        "metadata.ev_carger",
        "metadata.ev_charger is missing",
    ):
        assert key in fault
    assert "Nothing was created" in fault


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'device = "cellar"\nmeter_type = "ELECTRICITY"',
            'device = "attic"\nmeter_type = "ELECTRICITY"',
            "attic",
        ),
        ('name = "pv"', 'name = "grid"', "given twice"),
        ('meters = ["pv"]', 'meters = ["grid"]', "no PV_GENERATION meter"),
        ('meters = ["pv"]', 'meters = ["wind"]', "no meter has this name"),
        ('device = "cellar"\nmeter_type = "ELECTRICITY"', 'meter_type = "ELECTRICITY"', "meters[0].head"),
        (
            'name = "grid"\n',
            'name = "grid"\nmeter = "44444444-4444-4444-8444-444444444444"\n'
            'model = "EHZ"\nmeter_type = "ELECTRICITY"\n'
            '[[meters]]\nname = "other"\nmeter = "44444444-4444-4444-8444-444444444444"\n',
            "uuid",
        ),
    ],
)
def test_what_contradicts_itself_is_a_fault(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert said in fault_of(written(tmp_path, GOOD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [("[contact", "home.toml", "TOML"), ("{", "home.json", "JSON"), ("[]", "home.json", "no object")],
)
def test_a_file_of_another_form_is_a_fault(text: str, name: str, said: str, tmp_path: Path) -> None:
    assert said in fault_of(written(tmp_path, text, name))


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    assert "cannot be read" in fault_of(tmp_path / "none.toml")


def test_ids_are_made_once_and_kept_for_the_next_run(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    file = read_household_file(path)
    assert kept_ids(path) is None
    first = complete_ids(file, None)
    keep_ids(path, first)
    assert complete_ids(file, kept_ids(path)) == first
    assert (tmp_path / "home.ids.json").stat().st_mode & 0o077 == 0


def test_an_entry_added_later_gets_an_id_and_the_others_keep_theirs(tmp_path: Path) -> None:
    first = complete_ids(read_household_file(written(tmp_path, GOOD)), None)
    more = GOOD + '[[devices]]\nname = "attic"\n'
    second = complete_ids(read_household_file(written(tmp_path, more)), first)
    assert second.devices["cellar"] == first.devices["cellar"]
    assert second.devices.keys() == {"cellar", "attic"}


def test_ids_in_the_file_win(tmp_path: Path) -> None:
    given = "99999999-9999-4999-8999-999999999999"
    file = read_household_file(written(tmp_path, f'household = "{given}"\n' + GOOD))
    assert complete_ids(file, None).household == given


def test_kept_ids_that_cannot_be_read_are_a_fault(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    written(tmp_path, "{}", "home.ids.json")
    with pytest.raises(Fault, match="Restore"):
        kept_ids(path)


def test_the_documents_refer_to_each_other_by_uuid(tmp_path: Path) -> None:
    file = read_household_file(written(tmp_path, GOOD))
    ids = complete_ids(file, None)
    docs = {document.id: document.to_json() for document in household_documents(file, ids)}
    device, grid, pv = ids.devices["cellar"], ids.meters["grid"], ids.meters["pv"]
    assert docs.keys() == {
        "registration",
        "location",
        f"device:{device}",
        f"meter:{grid}",
        f"meter:{pv}",
        f"pv_system:{ids.pv_systems['roof']}",
    }
    assert docs[f"device:{device}"]["meters"] == [grid, pv]
    assert docs[f"meter:{pv}"]["device"] == device
    assert docs[f"pv_system:{ids.pv_systems['roof']}"]["meters"] == [pv]
    assert "head" not in docs[f"meter:{grid}"], "which head reads a meter only its device knows"
    (entry,) = device_entries(file, ids)
    assert [(meter.meter, meter.head) for meter in entry.meters] == [
        (grid, "sim://grid?seed=1"),
        (pv, "sim://pv?seed=1"),
    ]


def test_an_email_that_cannot_stand_in_a_certificate_is_a_fault_among_the_others(tmp_path: Path) -> None:
    fault = fault_of(
        written(tmp_path, GOOD.replace("ada@example.org", "ä@example.org").replace("2410", "241"))
    )
    assert "contact.email" in fault
    assert "address.postal_code" in fault


def test_options_stand_for_a_file_or_complete_it(tmp_path: Path) -> None:
    whole = read_household_file(written(tmp_path, GOOD))
    table = tomllib.loads(GOOD)
    absent = tmp_path / "none.toml"
    assert read_household_file(absent, table) == whole
    part = written(tmp_path, GOOD.replace('city = "Kiel"', ""), "part.toml")
    assert read_household_file(part, {"address": {"city": "Kiel"}}) == whole


def test_options_name_further_devices(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    file = read_household_file(path, {"devices": entries("--device", ["name=attic"])})
    assert [device.name for device in file.devices] == ["cellar", "attic"]


def test_an_entry_of_an_option_is_read_as_in_the_file() -> None:
    text = "name=roof nominal_power_kw=8.4 installed_on=2021-05-01 meters=a+b 'head=x y' device=1"
    (entry,) = entries("--pv-system", [text])
    assert entry == {
        "name": "roof",
        "nominal_power_kw": 8.4,
        "installed_on": date(2021, 5, 1),
        "meters": ["a", "b"],
        "head": "x y",
        "device": "1",
    }


@pytest.mark.parametrize("text", ["", "name", "name='open"])
def test_an_option_that_cannot_be_read_is_a_fault(text: str) -> None:
    with pytest.raises(Fault, match="key=value"):
        entries("--meter", [text])


def test_faults_of_options_are_reported_together(tmp_path: Path) -> None:
    options = {"contact": {"name": "Ada", "email": "ada"}, "address": {"postal_code": "1"}}
    with pytest.raises(Fault) as caught:
        read_household_file(tmp_path / "none", options)
    for key in ("the options", "contact.email", "address.postal_code", "address.city", "metadata.adults"):
        assert key in str(caught.value)


def test_further_devices_take_no_people(tmp_path: Path) -> None:
    devices = GOOD[GOOD.index("[[devices]]") :]
    assert len(read_devices_file(written(tmp_path, devices)).meters) == 2
    with pytest.raises(Fault, match="contact is unknown"):
        read_devices_file(written(tmp_path, GOOD))
    with pytest.raises(Fault, match="names no device"):
        read_devices_file(written(tmp_path, ""))


def test_a_place_for_a_meter_is_checked() -> None:
    meter = "44444444-4444-4444-8444-444444444444"
    (placed,) = placed_meters([f"meter={meter} head=serial:///dev/ttyUSB0 protocol=text_d"]).values()
    assert (placed.head, placed.protocol) == ("serial:///dev/ttyUSB0", "text_d")
    with pytest.raises(Fault, match="meter") as caught:
        placed_meters(["meter=grid protocol=morse"])
    assert "protocol" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "taken"), [("Küche 2", True), ("-cellar", False), ("a/b", False), ("_", False)]
)
def test_a_name_has_letters_of_any_language_and_no_slash(tmp_path: Path, name: str, taken: bool) -> None:
    path = written(tmp_path, GOOD.replace('"cellar"', f'"{name}"'))
    if taken:
        assert name in [device.name for device in read_household_file(path).devices]
    else:
        with pytest.raises(Fault, match="a short name"):
            read_household_file(path)

"""Registering and correcting as a service does it, against a database server."""

import tomllib
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from couch.bundle import read_bundle
from couch.documents import Device
from couch.errors import Fault, Unreachable
from couch.names import REGISTRY, household_database
from couch.registering import ChangedMeanwhile, DeviceStage
from provisioning import household_creation
from provisioning.registering import open_corrections

pytestmark = pytest.mark.slow  # an authority, and compactions

WITHIN_S = 120  # compactions, on a machine that is at other things, too

FACTS = {
    "contact": {"name": "Ada Example", "email": "ada@example.org"},
    "address": {"street": "Musterweg", "house_number": "", "postal_code": "24103", "city": "Kiel"},
    "metadata": {
        "children": 1,
        "adults": 2,
        "adults_with_job": 2,
        "ev_charger": True,
        "heat_pump": False,
        "home_battery": True,
    },
}


@pytest.fixture
def table(centre: Any) -> Any:
    """A household as the pages hand it over, with every uuid."""
    household, device, meter = (str(uuid.uuid4()) for _ in range(3))
    centre.households.append(household)
    return {
        **FACTS,
        "household": household,
        "devices": [{"name": "Küche", "device": device}],
        "meters": [
            {
                "name": "1 electricity MT175",
                "meter": meter,
                "meter_type": "ELECTRICITY",
                "model": "MT175",
                "device": "Küche",
            }
        ],
    }


def docs_of(centre: Any, household: str) -> dict[str, Any]:
    return {doc["_id"]: doc for doc in centre.admin.database(household_database(household)).documents()}


def test_a_household_is_there_with_its_bundle_and_nothing_of_it_stays_beside(
    centre: Any, registrar: Any, table: Any, tmp_path: Path
) -> None:
    made = registrar.create(table)
    assert (made.household, made.written, made.left) == (table["household"], 3, ())
    (device,) = registrar.devices(made.household)
    assert (device.name, device.meters, device.stage) == ("Küche", 1, DeviceStage.INVITED)
    assert device.certificate_ends is None
    bundle = tomllib.loads(registrar.bundle(made.household, device.device).decode())
    assert (bundle["household"], bundle["meters"][0]["name"]) == (made.household, "1 electricity MT175")
    left = [file.name for file in (tmp_path / "registrations").rglob("*") if file.is_file()]
    assert sorted(left) == [".lock", f"{device.device}.bundle.toml"]


def test_twice_at_once_is_one_household_with_one_code(centre: Any, registrar: Any, table: Any) -> None:
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(registrar.create, [table, table]))
    assert sorted(each.written for each in made) == [0, 3]
    assert registrar.bundle(table["household"], table["devices"][0]["device"]) is not None


def test_what_somebody_changed_since_stays_and_is_named(centre: Any, registrar: Any, table: Any) -> None:
    registrar.create(table)
    again = registrar.create({**table, "contact": {"name": "Grace", "email": "g@example.org"}})
    assert (again.written, again.left) == (0, ("registration",))
    assert docs_of(centre, table["household"])["registration"]["contact"]["name"] == "Ada Example"


def test_all_faults_of_a_table_are_told_and_nothing_is_created(
    centre: Any, registrar: Any, table: Any
) -> None:
    with pytest.raises(Fault, match=r"contact.email.*address"):
        registrar.create({**table, "contact": {"name": "A", "email": "x"}, "address": {}})
    assert not centre.admin.database(household_database(table["household"])).exists()


def test_of_a_household_that_could_not_be_created_nothing_stays_beside(
    make_registrar: Any, table: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unreachable("nobody answered.")

    drafts = tmp_path / "registrations" / "drafts"
    with monkeypatch.context() as patched:
        patched.setattr(household_creation, "ensure_database", fail)
        with pytest.raises(Unreachable):
            make_registrar().create(table)
    assert not list(drafts.iterdir())
    (drafts / f"{table['household']}.ids.json").write_text("the service was killed while it created this")
    make_registrar().resume()
    assert not list(drafts.iterdir())
    assert make_registrar().create(table).written == 3


def settled(registrar: Any, household: str) -> None:
    registrar.wait(household, WITHIN_S)
    assert registrar.open_correction(household) is None


def test_a_correction_is_written_at_once_and_old_values_go_afterwards(
    centre: Any, registrar: Any, table: Any, tmp_path: Path
) -> None:
    household = registrar.create(table).household
    revs = {doc_id: doc["_rev"] for doc_id, doc in docs_of(centre, household).items()}
    changes = {"registration": {"contact": {"email": "king@example.org"}}}
    assert registrar.correct(household, changes, (), revs)
    assert docs_of(centre, household)["registration"]["contact"]["email"] == "king@example.org"
    settled(registrar, household)
    summary = centre.admin.database(REGISTRY).get(f"household:{household}")
    assert summary["email"] == "king@example.org"
    assert summary["_rev"].startswith("1-")  # no ancestor is left
    assert not list((tmp_path / "registrations" / "corrections").iterdir())
    with pytest.raises(ChangedMeanwhile):
        registrar.correct(household, {"registration": {"contact": {"name": "Late"}}}, (), revs)
    settled(registrar, household)
    assert docs_of(centre, household)["registration"]["contact"]["name"] == "Ada Example"


def test_what_never_was_is_removed_without_its_values(centre: Any, registrar: Any, table: Any) -> None:
    household = registrar.create(table).household
    docs = docs_of(centre, household)
    meter = next(doc_id for doc_id in docs if doc_id.startswith("meter:"))
    registrar.correct(household, {}, (meter,), {meter: docs[meter]["_rev"]})
    settled(registrar, household)
    database = centre.admin.database(household_database(household))
    (leaf,) = database.leaves(meter)
    assert sorted(leaf) == ["_deleted", "_id", "_rev"]
    assert centre.admin.database(REGISTRY).get(f"household:{household}")["meters"] == 0


def test_what_a_correction_removed_does_not_come_back_with_the_same_table(
    centre: Any, registrar: Any, table: Any
) -> None:
    household = registrar.create(table).household
    docs = docs_of(centre, household)
    meter = next(doc_id for doc_id in docs if doc_id.startswith("meter:"))
    registrar.correct(household, {}, (meter,), {meter: docs[meter]["_rev"]})
    settled(registrar, household)
    again = registrar.create(table)
    assert (again.written, again.left) == (0, (meter,))
    assert meter not in docs_of(centre, household)


def test_a_correction_that_was_interrupted_is_taken_up_by_the_next_service(
    centre: Any, registrar: Any, make_registrar: Any, table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    household = registrar.create(table).household
    forget = open_corrections.forget_old_values

    def fail(*_: object, **__: object) -> None:
        raise Fault("no worker came.")

    monkeypatch.setattr(open_corrections, "forget_old_values", fail)
    registrar.correct(household, {"registration": {"contact": {"name": "Ada King"}}}, (), {})
    registrar.wait(household, WITHIN_S)
    assert not registrar.open_correction(household).running
    assert registrar.open_correction(household).reason == "no worker came."
    monkeypatch.setattr(open_corrections, "forget_old_values", forget)
    after = make_registrar()
    assert after.open_correction(household).documents == ("registration",)
    after.resume()
    settled(after, household)
    assert centre.admin.database(REGISTRY).get(f"household:{household}")["name"] == "Ada King"


def test_a_device_that_came_later_gets_a_bundle_and_a_spent_one_goes(
    centre: Any, registrar: Any, table: Any, tmp_path: Path
) -> None:
    household = registrar.create(table).household
    new = str(uuid.uuid4())
    database = centre.worker.database(household_database(household))
    database.put_once(Device(device=new, name="attic").to_json())
    stages = {device.name: device.stage for device in registrar.devices(household)}
    assert stages == {"Küche": DeviceStage.INVITED, "attic": DeviceStage.UNINVITED}
    assert registrar.bundle(household, new) is None
    assert registrar.invite(household, new)
    assert read_bundle(tmp_path / "registrations" / "bundles" / f"{new}.bundle.toml").name == "attic"
    assert not registrar.invite(household, str(uuid.uuid4()))
    assert registrar.bundle(str(uuid.uuid4()), new) is None
    stray = tmp_path / "registrations" / "bundles" / f"{uuid.uuid4()}.bundle.toml"
    stray.write_text("a bundle whose code has ended")
    registrar.devices(household)
    assert not stray.exists()

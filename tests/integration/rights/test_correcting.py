"""Rectification against a database server: the new values everywhere, the old ones in no file."""

import json
import struct
import uuid
from pathlib import Path
from typing import Any

import pytest

from couch.errors import Fault
from couch.names import REGISTRY, RESEARCH
from provisioning.rights.correcting import correct_household
from provisioning.rights.correction_file import read_corrections


def correct(centre: Any, household: Any, anonymizing: Any, folder: Path, **tables: Any) -> Any:
    file = folder / f"correction-{uuid.uuid4().hex}.json"
    file.write_text(json.dumps(tables))
    return correct_household(
        household.uuid,
        read_corrections(file),
        admin=centre.admin,
        worker=centre.worker,
        anonymizing=anonymizing,
    )


def test_no_old_value_is_left_in_the_engine_s_files(
    centre: Any, measured: Any, anonymizing: Any, holding: Any, tmp_path: Path
) -> None:
    mark = uuid.uuid4().hex[:12]
    system = next(doc for doc in measured.admin.documents(start="pv_system:", end="pv_system;"))
    old = {
        "contact": {"name": f"Wanda {mark}", "email": f"wanda@{mark}.example.org"},
        "address": {"street": f"Falschweg {mark}", "city": f"Irrtum {mark}"},
        "location": {"latitude": 53.2718281828, "longitude": 9.3141592653},
        "pv_systems": {system["pv_system"]: {"nominal_power_kw": 7.7245385090}},
        "devices": {measured.device: {"name": f"attic {mark}"}},
    }
    correct(centre, measured, anonymizing, tmp_path, **old)
    numbers = (53.2718281828, 9.3141592653, 7.7245385090)
    texts = [f"{word}{mark}".encode() for word in ("Wanda ", "wanda@", "Falschweg ", "Irrtum ", "attic ")]
    either = [(repr(number).encode(), struct.pack(">d", number)) for number in numbers]
    needles = [*texts, *(form for forms in either for form in forms)]
    before = holding(needles)
    assert all(before[text] for text in texts), before
    assert all(before[text] or before[binary] for text, binary in either), before
    done = correct(
        centre,
        measured,
        anonymizing,
        tmp_path,
        contact={"name": "Ada Lovelace", "email": "ada@example.org"},
        address={"street": "Musterweg", "city": "Kiel"},
        location={"latitude": 54.3233, "longitude": 10.1228},
        pv_systems={system["pv_system"]: {"nominal_power_kw": 8.4}},
        devices={measured.device: {"name": "cellar"}},
    )
    assert done.email_changed
    assert len(done.documents) == 4
    after = holding(needles)
    assert {needle: files for needle, files in after.items() if files} == {}


def test_registry_and_research_follow(centre: Any, measured: Any, anonymizing: Any, tmp_path: Path) -> None:
    correct(
        centre,
        measured,
        anonymizing,
        tmp_path,
        contact={"name": "Ada King"},
        metadata={"children": 3},
        location={"latitude": 54.4},
    )
    assert centre.summary(measured)["name"] == "Ada King"
    assert centre.summary(measured)["email"] == "ada@example.org"
    context = centre.context(measured)
    assert (context["metadata"]["children"], context["metadata"]["adults"]) == (3, 2)
    assert context["location"]["latitude"] == 54.4
    for name, doc_id in ((REGISTRY, f"household:{measured.uuid}"), (RESEARCH, context["_id"])):
        (leaf,) = centre.admin.database(name).leaves(doc_id)
        assert leaf["_rev"].startswith("1-")


def test_a_following_worker_and_a_command_do_not_disturb_each_other(
    centre: Any, measured: Any, anonymizing: Any, tmp_path: Path
) -> None:
    with centre.following():
        correct(centre, measured, anonymizing, tmp_path, contact={"name": "Ada Byron"})
        assert centre.summary(measured)["name"] == "Ada Byron"


def test_a_device_takes_the_correction_over_its_replica(
    centre: Any, measured: Any, anonymizing: Any, tmp_path: Path
) -> None:
    before = measured.admin.bulk_get([("registration", None)], revs=True)[0]["_revisions"]
    correct(centre, measured, anonymizing, tmp_path, contact={"name": "Ada Countess"})
    after = measured.admin.bulk_get([("registration", None)], revs=True)[0]["_revisions"]
    assert after["ids"][1:] == before["ids"]


def test_doing_it_again_changes_nothing(centre: Any, measured: Any, anonymizing: Any, tmp_path: Path) -> None:
    correct(centre, measured, anonymizing, tmp_path, address={"house_number": "7b"})
    rev = measured.admin.get("registration")["_rev"]
    assert correct(centre, measured, anonymizing, tmp_path, address={"house_number": "7b"}).documents == ()
    assert measured.admin.get("registration")["_rev"] == rev


@pytest.mark.parametrize(
    "case",
    [
        ({"contact": {"email": "nobody"}}, "contact.email"),
        ({"address": {"postal_code": "1"}}, "address.postal_code"),
        ({"pv_systems": {"00000000-0000-4000-8000-000000000000": {"tilt_deg": 3}}}, "has no pv_system"),
        ({"location": {"latitude": 100}}, "latitude"),
    ],
)
def test_a_value_that_cannot_be_changes_nothing(
    centre: Any, measured: Any, anonymizing: Any, tmp_path: Path, case: Any
) -> None:
    tables, says = case
    before = list(measured.admin.documents())
    with pytest.raises(Fault, match=says):
        correct(centre, measured, anonymizing, tmp_path, **{**tables, "metadata": {"adults": 4}})
    assert list(measured.admin.documents()) == before


def test_an_erased_household_has_nothing_to_correct(
    centre: Any, measured: Any, anonymizing: Any, tmp_path: Path
) -> None:
    measured.consent("revoked")
    centre.take(measured)
    with pytest.raises(Fault, match="was erased"):
        correct(centre, measured, anonymizing, tmp_path, contact={"name": "Ada"})

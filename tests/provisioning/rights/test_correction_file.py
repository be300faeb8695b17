"""What may be corrected, and how a correction becomes a document."""

from pathlib import Path

import pytest

from couch.documents import Address, Contact, Metadata, Registration
from couch.errors import BadDocument, Fault
from provisioning.rights.correction_file import corrected, read_corrections

UUID = "00000000-0000-4000-8000-000000000001"


def given(folder: Path, text: str) -> Path:
    file = folder / "correction.toml"
    file.write_text(text)
    return file


def registration() -> dict[str, object]:
    return Registration(
        contact=Contact(name="Ada", email="ada@example.org"),
        address=Address(street="Weg", postal_code="24103", city="Kiel"),
        metadata=Metadata(
            children=0, adults=1, adults_with_job=1, ev_charger=False, heat_pump=False, home_battery=False
        ),
    ).to_json()


def test_tables_become_changes_of_documents(tmp_path: Path) -> None:
    text = f"""
        [contact]
        name = "Ada King"
        [address]
        city = "Bonn"
        [location]
        latitude = 50.7
        [pv_systems."{UUID}"]
        installed_on = 2020-02-03
    """
    assert read_corrections(given(tmp_path, text)) == {
        "registration": {"contact": {"name": "Ada King"}, "address": {"city": "Bonn"}},
        "location": {"latitude": 50.7},
        f"pv_system:{UUID}": {"installed_on": "2020-02-03"},
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[contact]\nphone = '1'", "contact.phone"),
        ("[consent]\nstate = 'granted'", "consent: it is none of"),
        (f'[devices."{UUID}"]\ncertificate_serial = "1"', "certificate_serial"),
        (f'[meters."{UUID}"]\nmeter = "{UUID}"', "meter: it is none of"),
        ("contact = 1", "it takes a table"),
        ("", "corrects nothing"),
        ("[contact", "neither TOML nor JSON"),
    ],
)
def test_what_is_no_correction_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(Fault, match=says):
        read_corrections(given(tmp_path, text))


def test_a_correction_changes_what_it_names_alone() -> None:
    before = registration()
    after = corrected(before, {"address": {"city": "Bonn"}})
    assert after == {**before, "address": {**before["address"], "city": "Bonn"}}  # type: ignore[dict-item]


def test_a_value_that_its_model_refuses_is_named() -> None:
    with pytest.raises(BadDocument, match="email"):
        corrected(registration(), {"contact": {"email": "nobody"}})

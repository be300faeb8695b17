"""From what was typed to entries: whatever is taken, provisioning and the documents take too."""

import string
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registration_fakes import GOOD
from werkzeug.datastructures import MultiDict

from couch.errors import Fault
from provisioning.ca.names import email_name
from provisioning.household_file import household_of_table
from provisioning.household_ids import complete_ids
from provisioning.household_plan import household_documents
from webapp.registration.entries import parse
from webapp.registration.household_table import household_id, household_table
from webapp.registration.typed import Row, Typed, name_of, typed_from

DRAFT = "11111111-1111-4111-8111-111111111111"
WHOLE = Typed(
    facts=GOOD,
    devices=(Row("1", {"name": "Küche"}),),
    meters=(
        Row("1", {"type": "electricity", "model": "MT175", "device": "1"}),
        Row("2", {"type": "pv_generation", "model": "EASY", "device": "1"}),
    ),
    systems=(Row("1", {"power": "8,4", "azimuth": "180", "tilt": "35", "installed": "01.05.2021"}, ("2",)),),
)


def with_fact(name: str, text: str) -> Typed:
    return replace(WHOLE, facts={**GOOD, name: text})


def with_row(kind: str, **texts: str) -> Typed:
    row = WHOLE.rows(kind)[0]
    return WHOLE.with_rows(kind, (replace(row, texts={**row.texts, **texts}), *WHOLE.rows(kind)[1:]))


def test_a_whole_form_becomes_the_household_that_provisioning_stores() -> None:
    entries = parse(WHOLE).entries
    assert entries is not None
    file = household_of_table(household_table(entries, DRAFT))
    docs = {doc.id: doc.to_json() for doc in household_documents(file, complete_ids(file, None))}
    assert docs["registration"]["contact"] == {"name": "Ada Example", "email": "ada@example.org"}
    assert docs["location"]["latitude"] == 54.3233
    system = next(doc for key, doc in docs.items() if key.startswith("pv_system:"))
    assert (system["nominal_power_kw"], system["installed_on"]) == (8.4, "2021-05-01")
    generation = docs[f"meter:{system['meters'][0]}"]
    assert generation["meter_type"] == "PV_GENERATION"
    device = docs[f"device:{generation['device']}"]
    assert (device["name"], len(device["meters"])) == ("Küche", 2)
    assert [meter.protocol for meter in file.meters] == ["sml", "text_d"]


def test_the_same_draft_is_the_same_household_whatever_else_changed() -> None:
    one, other = (parse(typed).entries for typed in (WHOLE, with_fact("name", "Another")))
    assert one is not None
    assert other is not None
    first, second = (household_table(entries, DRAFT) for entries in (one, other))
    assert first["household"] == second["household"] == household_id(DRAFT)
    assert [meter["meter"] for meter in first["meters"]] == [meter["meter"] for meter in second["meters"]]
    assert household_id(str(uuid.uuid4())) != household_id(DRAFT)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("name", " \t"),
        ("name", "x" * 201),
        ("name", "a\x00b"),
        ("email", "ada"),
        ("email", "ädä@example.org"),
        ("street", ""),
        ("house_number", "1" * 21),
        ("postal_code", "2410"),
        ("postal_code", "２４１０３"),
        ("children", "-1"),
        ("children", "1.5"),
        ("adults", "100"),
        ("adults", "٣"),
        ("latitude", "91"),
        ("latitude", "nan"),
        ("latitude", "1e1"),
        ("longitude", ""),
        ("heat_pump", "perhaps"),
        ("adults_with_job", "3"),
    ],
)
def test_a_fault_stands_beside_its_field(name: str, text: str) -> None:
    faults = parse(with_fact(name, text), _unfit).faults
    assert list(faults) == [name]
    assert faults[name].in_words()


@pytest.mark.parametrize(
    ("kind", "field", "text"),
    [
        ("devices", "name", "-cellar"),
        ("devices", "name", "a/b"),
        ("meters", "type", "gas"),
        ("meters", "model", ""),
        ("meters", "device", "7"),
        ("systems", "power", "0"),
        ("systems", "power", "10001"),
        ("systems", "azimuth", "361"),
        ("systems", "tilt", "91"),
        ("systems", "installed", "2021-02-30"),
    ],
)
def test_a_fault_of_a_row_stands_beside_its_field(kind: str, field: str, text: str) -> None:
    faults = parse(with_row(kind, **{field: text})).faults
    assert list(faults) == [name_of(kind, "1", field)]


def test_all_faults_are_told_at_once() -> None:
    faults = parse(Typed(devices=(Row("1"),), meters=(Row("1"),), systems=(Row("1"),))).faults
    assert len(faults) == 8 + 1 + 2 + 4  # facts that must be there; the device; the meter; the system


def test_two_devices_of_one_name_and_an_electricity_meter_of_a_system_are_faults() -> None:
    typed = replace(
        WHOLE,
        devices=(*WHOLE.devices, Row("2", {"name": " Küche "})),
        systems=(replace(WHOLE.systems[0], meters=("1",)),),
    )
    assert set(parse(typed).faults) == {"devices-2-name", "systems-1-meters"}


TEXTS = st.one_of(
    st.text(max_size=30),
    st.text(alphabet=string.digits + ".,-", max_size=8),
    st.sampled_from(
        ["ada@example.org", "x@y", "24103", "yes", "no", "electricity", "PV_GENERATION", "MT175"]
    ),
    st.sampled_from(["cellar", "2021-05-01", "01.05.2021", "0", "1", "99", "90", "360", "10000"]),
)
NAMES = [
    *GOOD,
    *("devices-1-name", "devices-2-name", "meters-1-type", "meters-1-model", "meters-1-protocol"),
    *("meters-1-device", "systems-1-power", "systems-1-azimuth", "systems-1-tilt", "systems-1-installed"),
    *("systems-1-meters", "devices", "meters", "systems", "act", "x"),
]


@given(st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=40))
def test_no_form_breaks_the_reading_and_what_is_taken_provisioning_takes(
    pairs: list[tuple[str, str]],
) -> None:
    sent = MultiDict(WHOLE_FORM)
    for name, text in pairs:
        sent.setlist(name, [text])
    typed = typed_from(sent)
    parsed = parse(typed, _unfit)
    assert (parsed.entries is None) is bool(parsed.faults)
    if parsed.entries is not None:
        file = household_of_table(household_table(parsed.entries, DRAFT))
        for document in household_documents(file, complete_ids(file, None)):
            document.to_json()  # raises where its own model would not read it back


def _unfit(email: str) -> str | None:
    try:
        email_name(email)
    except Fault as err:
        return str(err)
    return None


def form_of(typed: Typed) -> MultiDict[str, str]:
    """What a browser sends of a form."""
    pairs: list[tuple[str, Any]] = [*typed.facts.items()]
    for kind in ("devices", "meters", "systems"):
        for row in typed.rows(kind):
            pairs.append((kind, row.key))
            pairs += [(name_of(kind, row.key, name), text) for name, text in row.texts.items()]
            pairs += [(name_of(kind, row.key, "meters"), meter) for meter in row.meters]
    return MultiDict(pairs)


WHOLE_FORM = form_of(WHOLE)


def test_what_was_typed_comes_back_as_it_was() -> None:
    typed = typed_from(form_of(with_fact("children", " viele ")))
    assert typed["children"] == " viele "
    assert parse(typed_from(WHOLE_FORM)).entries == parse(WHOLE).entries


def test_rows_are_added_and_removed_with_what_pointed_at_them() -> None:
    more = WHOLE.added("devices")
    assert [row.key for row in more.devices] == ["1", "2"]
    without_meter = more.removed("meters", "2")
    assert without_meter.systems[0].meters == ()
    without_device = without_meter.removed("devices", "1")
    assert [row["device"] for row in without_device.meters] == [""]
    many = WHOLE
    for _ in range(30):
        many = many.added("systems")
    assert len(many.systems) == 20

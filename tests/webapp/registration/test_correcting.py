"""What must change in which document, and two researchers at one household."""

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from couch.documents import Device, Location, Meter, PvSystem, Registration
from provisioning.rights.correction_file import corrected
from webapp.registration.correcting import correction
from webapp.registration.entries import parse
from webapp.registration.merging import from_text, merge, to_text
from webapp.registration.stored import StoredHousehold, typed_of
from webapp.registration.typed import Row, Typed

DRAFT = "11111111-1111-4111-8111-111111111111"
DEVICE, OTHER = "5f000000-0000-4000-8000-00000000aaaa", "5f000000-0000-4000-8000-00000000aaab"
METER, GENERATION = "5f000000-0000-4000-8000-000000000001", "5f000000-0000-4000-8000-000000000002"
SYSTEM = "5f000000-0000-4000-8000-000000000003"


def registration(**contact: str) -> Registration:
    return Registration.from_json(
        {
            "_id": "registration",
            "_rev": "1-r",
            "type": "registration",
            "contact": {"name": "Ada", "email": "ada@example.org", "phone": "kept", **contact},
            "address": {"street": "Weg", "house_number": "1", "postal_code": "24103", "city": "Kiel"},
            "metadata": {
                "children": 0,
                "adults": 2,
                "adults_with_job": 1,
                "ev_charger": False,
                "heat_pump": True,
                "home_battery": False,
            },
        }
    )


STORED = StoredHousehold(
    registration=registration(),
    location=Location(latitude=54.3, longitude=10.1, source="geocoded", rev="1-l"),
    devices=(
        Device(device=DEVICE, name="cellar", meters=(METER,), certificate_serial="AB", rev="3-d"),
        Device(device=OTHER, name="attic", rev="1-d"),
    ),
    meters=(
        Meter(meter=METER, meter_type="ELECTRICITY", model="MT175", device=DEVICE, rev="1-m"),
        Meter(meter=GENERATION, meter_type="PV_GENERATION", model="DD3", rev="1-m"),
    ),
    systems=(
        PvSystem(
            pv_system=SYSTEM,
            nominal_power_kw=8.4,
            azimuth_deg=180,
            tilt_deg=35.5,
            installed_on=date(2021, 5, 1),
            meters=(GENERATION,),
            rev="1-p",
        ),
    ),
)
SHOWN = typed_of(STORED)


def wanted(typed: Typed) -> Any:
    entries = parse(typed).entries
    assert entries is not None
    return correction(STORED, entries, DRAFT)


def changed(typed: Typed, kind: str, key: str, **texts: str) -> Typed:
    rows = tuple(
        replace(row, texts={**row.texts, **texts}) if row.key == key else row for row in typed.rows(kind)
    )
    return typed.with_rows(kind, rows)


def test_the_form_as_it_was_shown_changes_nothing() -> None:
    assert wanted(SHOWN).empty
    assert wanted(replace(SHOWN, facts={**SHOWN.facts, "latitude": "54,30"})).empty


def test_only_members_that_differ_are_changed() -> None:
    typed = replace(SHOWN, facts={**SHOWN.facts, "city": "Laboe", "children": "3", "latitude": "54.4"})
    typed = changed(typed, "systems", SYSTEM, power="9,1")
    found = wanted(typed)
    assert found.changes == {
        "registration": {"address": {"city": "Laboe"}, "metadata": {"children": 3}},
        "location": {"latitude": 54.4, "source": "manual"},
        f"pv_system:{SYSTEM}": {"nominal_power_kw": 9.1},
    }
    assert (found.added, found.removed) == ((), ())
    for doc in STORED.documents():
        if doc.id in found.changes:
            corrected(doc.to_json(), found.changes[doc.id])  # provisioning takes each


def test_a_meter_that_another_device_reads_changes_both_devices() -> None:
    found = wanted(changed(SHOWN, "meters", METER, device=OTHER))
    assert found.changes == {
        f"device:{DEVICE}": {"meters": []},
        f"device:{OTHER}": {"meters": [METER]},
        f"meter:{METER}": {"device": OTHER},
    }


def test_new_parts_are_whole_documents_with_ids_of_the_draft() -> None:
    typed = replace(
        SHOWN,
        meters=(*SHOWN.meters, Row("1", {"type": "pv_generation", "model": "EHZ", "device": DEVICE})),
        systems=(
            *SHOWN.systems,
            Row("1", {"power": "2", "azimuth": "90", "tilt": "10", "installed": "2020-01-01"}, ("1",)),
        ),
    )
    first, second = wanted(typed), wanted(typed)
    assert first == second
    meter, system = first.added
    assert system.meters == (meter.meter,)
    assert first.changes == {f"device:{DEVICE}": {"meters": [METER, meter.meter]}}


def test_a_part_that_is_not_in_the_form_any_more_is_removed() -> None:
    found = wanted(SHOWN.removed("meters", GENERATION).removed("systems", SYSTEM))
    assert found.removed == (f"meter:{GENERATION}", f"pv_system:{SYSTEM}")
    assert found.changes == {}


def test_a_position_that_was_missing_is_added() -> None:
    entries = parse(SHOWN).entries
    assert entries is not None
    found = correction(replace(STORED, location=None), entries, DRAFT)
    assert [doc.id for doc in found.added] == ["location"]


def test_fields_of_either_side_are_put_together() -> None:
    mine = replace(SHOWN, facts={**SHOWN.facts, "name": "Ada King"})
    now = replace(SHOWN, facts={**SHOWN.facts, "city": "Laboe"})
    merged = merge(SHOWN, now, mine)
    assert (merged.typed["name"], merged.typed["city"]) == ("Ada King", "Laboe")
    assert (merged.theirs, merged.clashes) == ({"city": "Laboe"}, frozenset())


def test_a_field_that_both_changed_keeps_mine_and_tells_theirs() -> None:
    mine, now = (changed(SHOWN, "systems", SYSTEM, power=power) for power in ("9", "7"))
    merged = merge(SHOWN, now, mine)
    assert merged.typed.systems[0]["power"] == "9"
    assert merged.theirs == {f"systems-{SYSTEM}-power": "7"}
    assert merged.clashes == {f"systems-{SYSTEM}-power"}


def test_the_same_change_by_both_and_a_comma_are_no_news() -> None:
    both = changed(SHOWN, "systems", SYSTEM, power="9")
    assert merge(SHOWN, both, both).theirs == {}
    assert merge(SHOWN, SHOWN, changed(SHOWN, "systems", SYSTEM, power="8,4")).theirs == {}


def test_rows_that_either_side_added_or_removed_are_put_together() -> None:
    theirs = Row("5f000000-0000-4000-8000-0000000000ff", {"name": "shed"})
    now = SHOWN.with_rows("devices", (*SHOWN.devices, theirs)).removed("meters", GENERATION)
    mine = SHOWN.added("devices").removed("systems", SYSTEM)
    merged = merge(SHOWN, now, mine).typed
    assert [row.key for row in merged.devices] == [DEVICE, OTHER, theirs.key, "1"]
    assert [row.key for row in merged.meters] == [METER]
    assert merged.systems == ()


@given(st.data())
def test_merging_loses_no_change_of_anybody(data: Any) -> None:
    values = {
        name: [data.draw(st.sampled_from(["a", "b", "c"])) for _ in range(3)]
        for name in ("name", "street", "city")
    }
    opened, now, mine = (Typed(facts={name: texts[at] for name, texts in values.items()}) for at in range(3))
    merged = merge(opened, now, mine)
    for name, (before, stored, sent) in values.items():
        if sent != before:
            assert merged.typed[name] == sent
        else:
            assert merged.typed[name] == stored
        assert (name in merged.clashes) == (len({before, stored, sent}) == 3)


def test_the_form_goes_through_a_hidden_field() -> None:
    assert from_text(to_text(SHOWN)) == SHOWN
    for broken in ("", "{}", "[]", '{"facts":[]}', '{"facts":{},"devices":[1]}', "[" * 5000):
        assert from_text(broken) is None

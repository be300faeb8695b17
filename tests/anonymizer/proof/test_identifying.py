"""What identifies: everything but what is known to say nothing."""

from couch.identifying import identifying_values, may_identify

DEVICE = "0d9c5a3e-5f0e-4a52-8e5b-1d0b8d8f3c11"


def names(doc: dict[str, object]) -> dict[str, bool]:
    """Field -> whether its value is looked for alone."""
    return {value.name: value.alone for value in identifying_values(doc)}


def test_names_and_streets_stand_alone_towns_and_numbers_do_not() -> None:
    doc = {
        "_id": "registration",
        "_rev": "1-a",
        "type": "registration",
        "contact": {"name": "Zoë d'Arc", "email": "zoe@example.org"},
        "address": {"street": "Am Hang", "house_number": "7", "postal_code": "01067", "city": "Ulm"},
        "metadata": {"children": 1, "ev_charger": True},
    }
    assert names(doc) == {
        "name": True,
        "email": True,
        "street": True,
        "house_number": False,
        "postal_code": False,
        "city": False,
    }


def test_a_field_nobody_knows_identifies() -> None:
    assert names({"type": "location", "note": {"deep": ["bei Familie Öztürk"]}}) == {"deep": True}


def test_a_number_is_looked_for_with_its_uuid() -> None:
    system = {"type": "pv_system", "pv_system": DEVICE, "nominal_power_kw": 9.87, "azimuth_deg": 180.0}
    (power,) = identifying_values(system)
    assert not power.alone
    assert power.run == (("pv_system", DEVICE), ("nominal_power_kw", 9.87))


def test_what_outlives_a_revocation_is_not_looked_for() -> None:
    assert names({"type": "consent", "state": "granted", "at": "2025-07-01T00:00:00Z"}) == {}
    assert names({"type": "meter", "meter": DEVICE, "meter_type": "ELECTRICITY", "model": "MT175"}) == {}
    assert [
        may_identify(doc_id) for doc_id in ("measurement:x", "consent:granted", "device:x", "_design/x")
    ] == [
        False,
        False,
        True,
        False,
    ]

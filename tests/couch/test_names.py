"""Names of databases and roles."""

from datetime import UTC, datetime

from couch import names

HOUSEHOLD = "00000000-0000-4000-8000-00000000000a"
DEVICE = "00000000-0000-4000-8000-00000000000b"


def test_a_household_s_database_tells_its_household() -> None:
    assert names.household_database(HOUSEHOLD) == f"household-{HOUSEHOLD}"
    assert names.household_of(names.household_database(HOUSEHOLD)) == HOUSEHOLD
    assert names.household_of("registry") is None


def test_a_replica_is_named_after_its_device() -> None:
    assert names.replica_database(DEVICE) == f"replica-{DEVICE}"


def test_a_month_is_the_slot_s_utc_month() -> None:
    assert names.month_database(datetime(2025, 12, 31, 23, 45, tzinfo=UTC)) == "research-2025-12"
    assert names.month_database(datetime(2026, 1, 1, tzinfo=UTC)) == "research-2026-01"


def test_a_device_has_its_household_s_role_its_own_and_every_scope() -> None:
    roles = names.device_roles(HOUSEHOLD, DEVICE)
    assert roles[:2] == [f"household:{HOUSEHOLD}", f"device:{DEVICE}"]
    assert set(roles[2:]) == {f"scope:{scope}" for scope in names.SCOPES}
    assert not {names.WORKER, names.RESEARCHER, names.ADMINISTRATOR, "_admin"} & set(roles)

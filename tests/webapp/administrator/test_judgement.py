"""What is wrong with a device: a table of what the registry says and what follows."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from couch.clock import from_rfc3339
from couch.documents import ConsentState, DeviceSummary, HouseholdSummary
from webapp.administrator.fleet import Standing, health_of
from webapp.administrator.judgement import clock_ahead, is_older, judge
from webapp.administrator.thresholds import Thresholds
from webapp.administrator.troubles import URGENCY, Kind, Urgency

NOW = from_rfc3339("2026-06-30T12:07:00Z")
HOUSEHOLD, DEVICE = "5f000000-0000-4000-8000-00000000bbbb", "5f000000-0000-4000-8000-00000000aaaa"
LIMITS = Thresholds(oldest_release="1.2.0")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def device(**more: Any) -> DeviceSummary:
    """One that is well."""
    known: dict[str, Any] = {
        "listed_at": ago(days=90),
        "heard_at": ago(minutes=5),
        "heartbeat_at": more.get("heard_at") or ago(minutes=5),
        "last_measurement": ago(minutes=7),
        "last_pull": ago(minutes=6),
        "last_push": ago(minutes=5),
        "backlog": 0,
        "clock": "synchronized",
        "conflicts": 0,
        "certificate_ends": ago(days=-60),
        "disk_free_bytes": 20 * 10**9,
        "temperature_c": 48.0,
        "versions": {"survey": "1.2.0"},
        **more,
    }
    return DeviceSummary(device=DEVICE, name="Cellar", **known)


def household(**more: Any) -> HouseholdSummary:
    known: dict[str, Any] = {
        "consent": ConsentState.GRANTED,
        "granted_at": ago(days=80),
        "last_slot": ago(minutes=22),
        "meters": 1,
        **more,
    }
    return HouseholdSummary(household=HOUSEHOLD, pseudonym="a" * 32, **known)


NEVER: dict[str, Any] = dict.fromkeys(
    [
        "heard_at",
        "heartbeat_at",
        "last_measurement",
        "last_pull",
        "last_push",
        "backlog",
        "clock",
        "conflicts",
        "certificate_ends",
        "disk_free_bytes",
        "temperature_c",
    ]
) | {"versions": {}}
OLD: dict[str, Any] = {
    "heard_at": None,
    "clock": None,
    "conflicts": None,
    "certificate_ends": None,
    "disk_free_bytes": None,
}

# what the device says and the centre saw, what the centre knows of the household, the troubles
TABLE: list[tuple[str, dict[str, Any], dict[str, Any], list[Kind]]] = [
    ("all is well", {}, {}, []),
    ("an old agent that says less", OLD, {}, []),
    ("silent for two hours", {"heard_at": ago(hours=2)}, {}, []),
    ("silent for longer", {"heard_at": ago(hours=2, minutes=1)}, {}, [Kind.SILENT]),
    ("silent for a day", {"heard_at": ago(hours=24, minutes=1)}, {}, [Kind.LONG_SILENT]),
    ("an old agent is silent", OLD | {"heartbeat_at": ago(hours=3)}, {}, [Kind.SILENT]),
    (
        "what follows from silence is not named",
        {"heard_at": ago(days=2), "last_measurement": ago(days=2)},
        {"last_slot": ago(days=2)},
        [Kind.LONG_SILENT],
    ),
    ("silent without consent", {"heard_at": ago(days=2)}, {"consent": "not_granted"}, [Kind.LONG_SILENT]),
    ("never reported, registered long ago", NEVER, {}, [Kind.NEVER_REPORTED]),
    ("never reported, registered today", NEVER | {"listed_at": ago(hours=20)}, {}, []),
    ("never reported, nobody knows since when", NEVER | {"listed_at": None}, {}, [Kind.NEVER_REPORTED]),
    ("measures nothing", {"last_measurement": ago(hours=3)}, {}, [Kind.NOT_MEASURING]),
    ("has never measured", {"last_measurement": None}, {}, [Kind.NOT_MEASURING]),
    (
        "has not measured yet since the grant",
        {"last_measurement": None},
        {"granted_at": ago(hours=1), "last_slot": None},
        [],
    ),
    ("measures nothing without consent", {"last_measurement": None}, {"consent": "not_granted"}, []),
    ("measures nothing after a revocation", {"last_measurement": None}, {"consent": "revoked"}, []),
    ("there is no meter", {"last_measurement": None}, {"meters": 0}, []),
    ("measures, and nothing arrives", {}, {"last_slot": ago(hours=3)}, [Kind.NOT_ARRIVING]),
    ("measures, and nothing ever arrived", {}, {"last_slot": None}, [Kind.NOT_ARRIVING]),
    ("just granted", {}, {"last_slot": None, "granted_at": ago(hours=1)}, []),
    ("a backlog", {"backlog": 40, "backlog_since": ago(hours=1)}, {}, []),
    ("a backlog that stays", {"backlog": 40, "backlog_since": ago(hours=3)}, {}, [Kind.BACKLOG]),
    ("refused documents", {"refused": 2}, {}, [Kind.REFUSED]),
    ("conflicts", {"conflicts": 1}, {}, [Kind.CONFLICTS]),
    ("the clock is not set", {"clock": "unsynchronized"}, {}, [Kind.CLOCK_UNSYNCHRONIZED]),
    ("the clock cannot be right", {"clock": "implausible"}, {}, [Kind.CLOCK_IMPLAUSIBLE]),
    ("the clock is ahead", {"heartbeat_at": ago(minutes=2)}, {}, [Kind.CLOCK_DIFFERS]),
    ("the clock is behind", {"heartbeat_at": ago(minutes=40)}, {}, [Kind.CLOCK_DIFFERS]),
    ("the heartbeat took a while", {"heartbeat_at": ago(minutes=25)}, {}, []),
    ("the certificate ends soon", {"certificate_ends": ago(days=-13)}, {}, [Kind.CERTIFICATE_ENDS]),
    ("the certificate has ended", {"certificate_ends": NOW}, {}, [Kind.CERTIFICATE_ENDED]),
    ("the disk is full", {"disk_free_bytes": 499_999_999}, {}, [Kind.DISK_LOW]),
    ("too hot", {"temperature_c": 80.1}, {}, [Kind.TOO_HOT]),
    ("an old release", {"versions": {"survey": "1.1.9"}}, {}, [Kind.OLD_RELEASE]),
    ("from a work tree", {"versions": {"survey": "source"}}, {}, []),
    ("it reports errors", {"errors": ("meter x: locked",)}, {}, [Kind.ERRORS]),
    (
        "several at once, the worst first",
        {"versions": {"survey": "0.9"}, "refused": 1, "certificate_ends": ago(days=1), "conflicts": 3},
        {"last_slot": ago(days=1)},
        [Kind.NOT_ARRIVING, Kind.CERTIFICATE_ENDED, Kind.REFUSED, Kind.CONFLICTS, Kind.OLD_RELEASE],
    ),
    ("its household was erased", NEVER, {"erased": True, "consent": "revoked"}, []),
]


@pytest.mark.parametrize(("said", "known", "expected"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE])
def test_the_table_of_troubles(said: dict[str, Any], known: dict[str, Any], expected: list[Kind]) -> None:
    if "consent" in known:
        known = {**known, "consent": ConsentState(known["consent"])}
    assert [trouble.kind for trouble in judge(device(**said), household(**known), NOW, LIMITS)] == expected


def test_every_kind_of_trouble_is_in_the_table_and_has_an_urgency() -> None:
    assert {kind for row in TABLE for kind in row[3]} == set(Kind) == set(URGENCY)


def test_a_trouble_says_since_when_and_how_much() -> None:
    said = device(
        backlog=40, backlog_since=ago(hours=3), heartbeat_at=ago(minutes=1), errors=("a: b", "c: d")
    )
    found = {trouble.kind: trouble for trouble in judge(said, household(), NOW)}
    assert (found[Kind.BACKLOG].since, found[Kind.BACKLOG].amount) == (ago(hours=3), 40)
    assert found[Kind.CLOCK_DIFFERS].amount == 240
    assert (found[Kind.ERRORS].amount, found[Kind.ERRORS].text) == (2, "a: b")


def test_silence_is_measured_by_the_centre_s_clock() -> None:
    behind = device(heartbeat_at=ago(hours=9), heard_at=ago(minutes=1))
    assert [trouble.kind for trouble in judge(behind, household(), NOW)] == [Kind.CLOCK_DIFFERS]
    ahead = clock_ahead(behind)
    assert ahead is not None
    assert ahead < timedelta(hours=-8)
    assert clock_ahead(device(heard_at=None)) is None


def test_thresholds_can_be_set() -> None:
    silent = device(heard_at=ago(hours=3))
    assert not judge(silent, household(), NOW, Thresholds(silent_h=4))
    assert judge(device(), household(), NOW, Thresholds(temperature_c=40))[0].kind is Kind.TOO_HOT


@pytest.mark.parametrize(
    ("said", "known", "standing", "urgency"),
    [
        ({}, {}, Standing.WELL, None),
        (NEVER | {"listed_at": ago(hours=1)}, {}, Standing.AWAITED, None),
        (NEVER, {}, Standing.TROUBLED, Urgency.SOON),
        ({"conflicts": 1}, {}, Standing.TROUBLED, Urgency.LATER),
        (NEVER, {"erased": True}, Standing.ERASED, None),
    ],
)
def test_where_a_device_stands(said: Any, known: Any, standing: Standing, urgency: Urgency | None) -> None:
    health = health_of(device(**said), household(**known), NOW, LIMITS)
    assert (health.standing, health.urgency) == (standing, urgency)


@pytest.mark.parametrize(
    ("release", "than", "older"),
    [
        ("0.9.0", "0.10.0", True),
        ("1.0", "1.0.0", True),
        ("1.0.1", "1.0", False),
        ("source", "1.0", False),
        ("", "1", False),
        ("1.2.3rc1", "2", False),
    ],
)
def test_releases_compare_by_their_numbers(release: str, than: str, older: bool) -> None:
    assert is_older(release, than) is older


def test_the_page_about_limits_names_each_with_what_it_is_by_itself() -> None:
    page = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
    table = tomllib.loads(page.partition("[health]\n")[2].partition("```")[0])
    usual = {name: value for name, value in msgspec.to_builtins(Thresholds()).items() if value is not None}
    assert table == usual

"""Crashes in a row and the pauses after them."""

from datetime import UTC, datetime, timedelta

import pytest

from couch.node.replicator.failures import ReplicationFailed
from couch.node.replicator.job import Event, Job, backoff_s, consecutive_crashes
from couch.node.replicator.options import ReplicatorOptions
from couch.node.replicator.request import replication_of

START = datetime(2026, 7, 1, tzinfo=UTC)
HEALTHY = timedelta(seconds=120)


def events(*kinds_and_seconds):
    """Events newest first, given oldest first as (kind, second)."""
    return [Event(kind, START + timedelta(seconds=second)) for kind, second in reversed(kinds_and_seconds)]


def test_a_new_job_has_not_crashed():
    assert consecutive_crashes(events(("added", 0)), HEALTHY) == 0


def test_quick_crashes_are_counted():
    row = events(("added", 0), ("started", 0), ("crashed", 1), ("started", 31), ("crashed", 32))
    assert consecutive_crashes(row, HEALTHY) == 2


def test_a_long_run_ends_the_row():
    row = events(("added", 0), ("started", 0), ("crashed", 1), ("started", 31), ("crashed", 500))
    assert consecutive_crashes(row, HEALTHY) == 0


def test_a_run_that_was_stopped_ends_the_row():
    row = events(
        ("started", 0), ("crashed", 1), ("started", 31), ("stopped", 40), ("started", 41), ("crashed", 42)
    )
    assert consecutive_crashes(row, HEALTHY) == 1


@pytest.mark.parametrize(
    ("crashes", "seconds"), [(0, 30), (1, 30), (2, 60), (3, 120), (11, 30720), (99, 30720)]
)
def test_pauses_double_up_to_8_hours(crashes, seconds):
    assert backoff_s(crashes, ReplicatorOptions()) == seconds


def test_a_job_tells_how_it_stands():
    replication = replication_of(
        {"source": "http://u:secret@peer/a", "target": "http://peer/b"}, user="u", options=ReplicatorOptions()
    )
    job = Job("id+continuous", "id", replication, ReplicatorOptions(), START)
    assert job.state == "pending"
    job.record("started", START)
    assert job.state == "running"
    job.record("crashed", START, ReplicationFailed("db_not_found", "could not open http://peer/a/"))
    summary = job.summary()
    assert (summary["state"], summary["error_count"]) == ("crashing", 1)
    assert summary["info"] == {"error": "db_not_found: could not open http://peer/a/"}
    row = job.to_json(None, "node")
    assert [event["type"] for event in row["history"]] == ["crashed", "started", "added"]
    assert "secret" not in str(row)

"""What the worker counts, and how Prometheus reads it."""

import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from anonymizer.backlog import Backlog
from anonymizer.exposition import WorkerCollector, exposed
from anonymizer.metrics import Metrics
from couch.errors import Fault


class Hand:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def scraped(port: int) -> dict[tuple[str, str], float]:
    """Values by name and label."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, ",".join(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_reads_lag_queue_parked_and_durations() -> None:
    clock = Hand()
    metrics, backlog = Metrics(clock), Backlog(clock)
    backlog.add("one")
    backlog.add("two")
    clock.now = 7.0
    metrics.add("visits", 3)
    with metrics.timed("visit"):
        clock.now += 1.5
    collector = WorkerCollector(metrics, backlog, lambda: {"parked_documents": 4, "erasures_open": 1})
    with exposed(0, collector) as port:
        values = scraped(port)
    assert values["survey_anonymizer_lag_seconds", ""] == 8.5
    assert values["survey_anonymizer_queue_households", ""] == 2
    assert values["survey_anonymizer_parked_documents", ""] == 4
    assert values["survey_anonymizer_erasures_open", ""] == 1
    assert values["survey_anonymizer_events_total", "visits"] == 3
    assert values["survey_anonymizer_duration_seconds_sum", "visit"] == 1.5
    assert values["survey_anonymizer_duration_seconds_count", "visit"] == 1
    assert values["survey_anonymizer_duration_seconds_bucket", "0.5,visit"] == 0
    assert values["survey_anonymizer_duration_seconds_bucket", "2.0,visit"] == 1


def test_a_port_that_is_taken_is_said_in_a_line() -> None:
    collector = WorkerCollector(Metrics(), Backlog(), dict)
    with exposed(0, collector) as port, pytest.raises(Fault, match="metrics_port"), exposed(port, collector):
        pass


def test_what_took_long_is_noted_also_when_it_failed() -> None:
    clock = Hand()
    metrics = Metrics(clock)

    def fails() -> None:
        with metrics.timed("visit"):
            clock.now += 3
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fails()
    assert metrics.durations()["visit"].sum_s == 3


def test_the_lag_is_that_of_the_household_that_waits_longest() -> None:
    clock = Hand()
    backlog = Backlog(clock)
    assert backlog.lag_s() == 0
    backlog.add("one")
    clock.now = 5
    backlog.add("two")
    backlog.add("one")
    assert backlog.lag_s() == 5
    assert backlog.take() == "one"
    assert backlog.lag_s() == 5, "a household that is being visited has not been served yet"
    backlog.done("one")
    assert backlog.lag_s() == 0
    clock.now = 6
    assert backlog.lag_s() == 1

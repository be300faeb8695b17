"""When the device compares with the centre."""

from datetime import UTC, datetime, timedelta
from typing import Any

from couch.documents import ConsentState
from couch.refusal_ledger import read_ledger
from couch.replication import Ledger, Outcome
from edge import reconcile
from edge.data_transmitter import Pushed
from edge.reconcile import Comparison, due

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
GRANTED, NOT = ConsentState.GRANTED, ConsentState.NOT_GRANTED
CLEAN = Pushed(GRANTED, True, Outcome(1, 1, 0))
LAST = Comparison(NOW, GRANTED, GRANTED)


def test_at_the_first_push_of_measurements() -> None:
    assert due(None, CLEAN, GRANTED, NOW, DAY)


def test_also_while_measurements_may_not_be_sent_since_a_revocation_must_not_be_lost() -> None:
    assert due(None, Pushed(NOT, False, Outcome(0, 0, 0)), GRANTED, NOW, DAY)
    assert due(LAST, Pushed(GRANTED, False, Outcome(1, 0, 1)), GRANTED, NOW, DAY)
    assert not due(LAST, Pushed(GRANTED, False, Outcome(1, 1, 0)), GRANTED, NOW, DAY)


def test_after_each_change_of_the_consent_state() -> None:
    assert due(Comparison(NOW, GRANTED, NOT), CLEAN, GRANTED, NOW, DAY)
    assert not due(LAST, CLEAN, GRANTED, NOW, DAY)


def test_once_a_day_and_when_the_clock_fell_back() -> None:
    assert not due(LAST, CLEAN, GRANTED, NOW + DAY - timedelta(seconds=1), DAY)
    assert due(LAST, CLEAN, GRANTED, NOW + DAY, DAY)
    assert due(LAST, CLEAN, GRANTED, NOW - DAY, DAY)


def test_when_a_push_counted_refusals() -> None:
    assert due(LAST, Pushed(GRANTED, True, Outcome(2, 1, 1)), GRANTED, NOW, DAY)


def test_the_ledger_names_refusals_and_is_read_back(bench: Any) -> None:
    many = tuple((f"gap:{number}", "why") for number in range(250))
    kept = reconcile.keep(bench.replica, Ledger(1000, 250, 0, many), NOW)
    assert kept.refused == 250
    assert read_ledger(bench.replica) == kept
    bench.replica.locals.clear()
    assert read_ledger(bench.replica) is None

"""The one source of time."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couch.clock import SLOT, Clock, clock_from_environment, from_rfc3339, slot_of, to_rfc3339
from couch.errors import Fault

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_without_a_setting_survey_time_is_real_time() -> None:
    clock = clock_from_environment({})
    assert clock == Clock()
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 1


def test_every_process_with_the_same_setting_has_the_same_time() -> None:
    setting = {"SURVEY_CLOCK": f"1751328000,{time.time()},900"}
    one, other = clock_from_environment(setting), clock_from_environment(setting)
    assert one == other
    assert timedelta(0) <= one.now() - datetime(2025, 7, 1, tzinfo=UTC) < timedelta(hours=1)


def test_waiting_counts_real_seconds() -> None:
    clock = Clock(0, time.time(), 900)
    assert 0.9 < clock.real_seconds_until(datetime(1970, 1, 1, 0, 15, tzinfo=UTC)) <= 1
    assert clock.real_seconds_until(datetime(1969, 1, 1, tzinfo=UTC)) == 0


def test_a_wait_ends_at_its_moment_or_when_stopped() -> None:
    clock = Clock(0, time.time(), 9000)
    stop = threading.Event()
    assert clock.sleep_until(datetime(1970, 1, 1, 0, 15, tzinfo=UTC), stop) is False
    threading.Timer(0.05, stop.set).start()
    assert clock.sleep_until(datetime(2000, 1, 1, tzinfo=UTC), stop) is True


@pytest.mark.parametrize("text", ["soon", "1,2", "1,2,three", "1,2,3,4", "0,0,0", "0,0,-1"])
def test_a_malformed_setting_is_explained(text: str) -> None:
    with pytest.raises(Fault, match="SURVEY_CLOCK"):
        clock_from_environment({"SURVEY_CLOCK": text})


@given(MOMENTS)
def test_a_moment_lies_in_its_slot_and_slots_are_aligned(moment: datetime) -> None:
    slot = slot_of(moment)
    assert slot <= moment < slot + SLOT
    assert (slot.minute % 15, slot.second, slot.microsecond) == (0, 0, 0)
    assert slot_of(slot) == slot


@given(MOMENTS)
def test_times_are_the_same_after_the_way_to_text_and_back(moment: datetime) -> None:
    assert from_rfc3339(to_rfc3339(moment)) == moment.replace(microsecond=0)


@pytest.mark.parametrize("text", ["2025-07-01", "2025-07-01T00:00:00", "2025-07-01T02:00:00+02:00"])
def test_only_the_one_form_of_times_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="does not match"):
        from_rfc3339(text)

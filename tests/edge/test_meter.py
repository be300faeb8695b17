"""A meter as the measurement cycle sees it, over each kind of head."""

import os
import pty
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from couch.clock import Clock
from couch.errors import Fault
from edge.meter import MeterAnswer, MeterConfig, MeterFailed, MeterPort
from edge.obis_codes import EXPORT_ENERGY, IMPORT_ENERGY, POWER
from edge.sml_encoder import SentEntry, encode_telegram

METER = "11111111-1111-4111-8111-111111111111"
SERVER = bytes.fromhex("0a0153494d0001234567")
DATA = Path(__file__).parent / "data"
PLENTY_S = 20.0


def fast(speed: float = 300.0) -> Clock:
    return Clock(1_767_225_600.0, time.time(), speed)


@contextmanager
def port(head: str, clock: Clock | None = None, **options) -> Iterator[MeterPort]:
    opened = MeterPort(MeterConfig(METER, head, **options), clock or fast())
    try:
        yield opened
    finally:
        opened.close()


def telegram(number: int, *entries: SentEntry) -> bytes:
    return encode_telegram(SERVER, [SentEntry(IMPORT_ENERGY, number, -1, "Wh"), *entries], seconds=number)


def values(answer: MeterAnswer) -> dict[str, int]:
    return {reading.obis: reading.value for reading in answer.readings}


@pytest.fixture
def line():
    """A serial line: the meter's end, and the path of the head's end."""
    meter, head = pty.openpty()
    tty.setraw(meter)
    tty.setraw(head)
    path = os.ttyname(head)
    open_ends = [meter, head]
    yield open_ends, path
    for end in open_ends:
        os.close(end)


@contextmanager
def sending(meter: int, data: bytes, every_s: float = 0.02) -> Iterator[None]:
    """A meter that sends `data` over and over."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(every_s):
            os.write(meter, data)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_serial_head_gives_the_telegram_that_comes(line):
    (meter, _), path = line
    with port(f"serial://{path}") as opened, sending(meter, telegram(42)):
        answer = opened.read(PLENTY_S)
    assert values(answer) == {IMPORT_ENERGY: 42}
    assert answer.meter_seconds == 42


def test_what_piled_up_before_the_question_is_no_answer(line):
    (meter, _), path = line
    with port(f"serial://{path}") as opened:
        with sending(meter, telegram(1)):
            opened.read(PLENTY_S)
        os.write(meter, telegram(1) + telegram(1)[:40])
        with sending(meter, telegram(2)):
            assert values(opened.read(PLENTY_S)) == {IMPORT_ENERGY: 2}


def test_a_text_meter_on_a_serial_line_is_read(line):
    (meter, _), path = line
    data = (DATA / "eBZ_DD3_BZ06ETA.txt").read_bytes()
    with port(f"serial://{path}", protocol="text_d") as opened, sending(meter, data):
        assert values(opened.read(PLENTY_S))[IMPORT_ENERGY] == 12525688570


def test_a_head_that_is_pulled_out_is_unplugged_and_read_again_when_it_is_back(line, tmp_path):
    (meter, head), path = line
    link = tmp_path / "ttyHEAD"
    link.symlink_to(path)
    with port(f"serial://{link}") as opened:
        with sending(meter, telegram(1)):
            opened.read(PLENTY_S)
        os.close(meter)
        os.close(head)
        with pytest.raises(MeterFailed) as failure:
            opened.read(0.3)
        assert failure.value.cause == "head_unplugged"
        meter, head = pty.openpty()
        line[0][:] = [meter, head]
        tty.setraw(meter)
        tty.setraw(head)
        link.unlink()
        link.symlink_to(os.ttyname(head))
        with sending(meter, telegram(2)):
            assert values(opened.read(PLENTY_S)) == {IMPORT_ENERGY: 2}


def test_no_head_at_all_is_unplugged():
    with port("serial:///dev/there-is-no-such-port") as opened, pytest.raises(MeterFailed) as failure:
        opened.read(0.1)
    assert failure.value.cause == "head_unplugged"
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "meter_silent"),
        (b"\x55\x56noise", "meter_silent"),
        (telegram(1)[:-2] + b"xx", "checksum"),
        (telegram(1)[:50], "checksum"),
    ],
    ids=["silence", "noise", "wrong checksum", "no end"],
)
def test_a_meter_without_a_whole_telegram_has_its_cause(line, data, cause):
    (meter, _), path = line
    with port(f"serial://{path}") as opened, sending(meter, data), pytest.raises(MeterFailed) as failure:
        opened.read(0.3)
    assert failure.value.cause == cause


def test_closing_ends_a_read_that_waits():
    opened = MeterPort(MeterConfig(METER, "sim://grid?fault=unplugged"), fast())
    threading.Timer(0.1, opened.close).start()
    began = time.monotonic()
    with pytest.raises(MeterFailed):
        opened.read(PLENTY_S)
    assert time.monotonic() - began < PLENTY_S / 2


def test_only_kept_codes_with_a_number_are_readings(line):
    (meter, _), path = line
    other = [
        SentEntry(POWER, 5, 0, "W"),
        SentEntry(EXPORT_ENERGY, b"text"),
        SentEntry("0100200700ff", 2301, -1, "V"),
    ]
    keep = (IMPORT_ENERGY, EXPORT_ENERGY)
    with port(f"serial://{path}", keep=keep) as opened, sending(meter, telegram(9, *other)):
        assert values(opened.read(PLENTY_S)) == {IMPORT_ENERGY: 9}


def test_an_odd_entry_is_marked_where_its_code_is_kept(line):
    (meter, _), path = line
    valueless = SentEntry(POWER, None, 0, "W"), SentEntry("010060320204", None)
    with port(f"serial://{path}") as opened:
        with sending(meter, telegram(9, *valueless)):
            assert opened.read(PLENTY_S).marks == ("odd_entry",)
        with sending(meter, telegram(9, valueless[1])):
            assert opened.read(PLENTY_S).marks == ()


def test_a_locked_meter_still_gives_its_counters():
    with port("sim://grid?locked=1") as opened:
        answer = opened.read(PLENTY_S)
    assert answer.locked
    assert answer.marks == ("locked",)
    assert {reading.obis: reading.scaler for reading in answer.readings} == {
        IMPORT_ENERGY: 3,
        EXPORT_ENERGY: 3,
    }


def test_a_locked_meter_without_a_kept_code_is_locked():
    with port("sim://grid?locked=1", keep=(POWER,)) as opened, pytest.raises(MeterFailed) as failure:
        opened.read(0.2)
    assert failure.value.cause == "locked"


@pytest.mark.parametrize("protocol", ["sml", "text_d"])
def test_a_simulated_grid_meter_gives_counters_and_power(protocol):
    with port("sim://grid?seed=3", protocol=protocol) as opened:
        first, second = opened.read(PLENTY_S), opened.read(PLENTY_S)
    assert set(values(first)) == {IMPORT_ENERGY, EXPORT_ENERGY, POWER}
    assert first.meter_seconds is not None
    assert second.meter_seconds is not None
    assert first.meter_seconds < second.meter_seconds


def test_a_simulated_photovoltaic_meter_counts_delivery():
    with port("sim://pv?seed=3") as opened:
        answer = opened.read(PLENTY_S)
    assert set(values(answer)) == {EXPORT_ENERGY, POWER}
    assert values(answer)[POWER] <= 0


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("silent", "meter_silent"), ("unplugged", "head_unplugged"), ("checksum", "checksum")],
)
def test_a_simulated_head_can_fail_like_a_real_one(fault, cause):
    with port(f"sim://grid?fault={fault}") as opened, pytest.raises(MeterFailed) as failure:
        opened.read(0.2)
    assert failure.value.cause == cause


def test_a_capture_is_replayed_again_and_again(tmp_path):
    file = tmp_path / "a capture.bin"
    file.write_bytes(telegram(1) + telegram(2)[:70] + telegram(3))
    with port(f"replay://{file}?loop=1") as opened:
        seen = [values(opened.read(PLENTY_S))[IMPORT_ENERGY] for _ in range(40)]
    assert set(seen) <= {1, 3}  # never the cut one; which of the two is fresh depends on the moment
    assert max(seen.count(1), seen.count(3)) > 1


def test_a_capture_that_is_not_repeated_ends_in_silence(tmp_path):
    file = tmp_path / "capture.bin"
    file.write_bytes(telegram(1))
    with port(f"replay://{file}?loop=0", Clock()) as opened:
        assert values(opened.read(PLENTY_S)) == {IMPORT_ENERGY: 1}
        with pytest.raises(MeterFailed) as failure:
            opened.read(0.2)
    assert failure.value.cause == "meter_silent"


def test_a_capture_is_replayed_at_the_speed_of_a_serial_line(tmp_path):
    file = tmp_path / "capture.bin"
    file.write_bytes(telegram(1))
    began = time.monotonic()
    with port(f"replay://{file}", Clock()) as opened:
        opened.read(PLENTY_S)
    assert time.monotonic() - began > len(telegram(1)) / 960 * 0.9


@pytest.mark.parametrize("content", [None, b""])
def test_a_capture_that_is_absent_or_empty_is_an_unplugged_head(tmp_path, content):
    file = tmp_path / "capture.bin"
    if content is not None:
        file.write_bytes(content)
    with port(f"replay://{file}") as opened, pytest.raises(MeterFailed) as failure:
        opened.read(0.1)
    assert failure.value.cause == "head_unplugged"


def test_a_code_that_is_none_is_a_fault():
    with pytest.raises(Fault, match=r"'1\.8\.0'.*12 hex digits"):
        MeterPort(MeterConfig(METER, "sim://grid", keep=("1.8.0",)), Clock())


def test_a_counter_that_falls_between_two_answers_is_marked(line):
    (meter, _), path = line
    with port(f"serial://{path}") as opened:
        with sending(meter, telegram(1000)):
            assert opened.read(PLENTY_S).marks == ()
        with sending(meter, telegram(999)):
            answer = opened.read(PLENTY_S)
    assert answer.marks == ("counter_fell",)
    assert values(answer) == {IMPORT_ENERGY: 999}

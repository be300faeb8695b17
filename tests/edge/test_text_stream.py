"""Text telegrams: real ones (serial numbers replaced), and each way of being none."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.telegrams import Telegram
from edge.text_encoder import TextLine, encode_text_telegram
from edge.text_lines import entry_of
from edge.text_stream import TextReader

DATA = Path(__file__).parent / "data"
DD3 = (DATA / "eBZ_DD3_BZ06ETA.txt").read_bytes()
LOCKED = (DATA / "eBZ_DD3_BZ06ETA_locked.txt").read_bytes()
Q3D = (DATA / "EasyMeter_Q3DA1024_V3.03.txt").read_bytes()


def one(kwh: int) -> bytes:
    lines = [TextLine("1-0:1.8.0*255", kwh, 8, "kWh"), TextLine("1-0:16.7.0*255", -4820, 2, "W")]
    return encode_text_telegram("EBZ5DD3TEST_001", "1TST0100000001", lines, seconds=77)


def quantities(telegram: Telegram) -> dict[str, tuple]:
    return {entry.obis: (entry.value, entry.scaler, entry.unit) for entry in telegram.entries}


def counters(telegrams: list[Telegram]) -> list:
    return [quantities(telegram).get("0100010800ff", (None,))[0] for telegram in telegrams]


def test_a_dd3_is_read_exactly():
    reader = TextReader()
    telegrams = reader.feed(DD3)
    assert (len(telegrams), reader.bad) == (3, 0)
    telegram = telegrams[-1]
    assert (telegram.server_id, telegram.meter_id) == ("1EBZ0100000001", "1EBZ0100000001")
    assert telegram.meter_seconds == 0x00104443
    assert not telegram.locked
    assert telegram.odd == ()
    found = quantities(telegram)
    assert found["0100010800ff"] == (12525688570, -5, "Wh")
    assert found["0100100700ff"] == (25920, -2, "W")
    assert found["0100200700ff"] == (2324, -1, "V")
    assert found["0100600500ff"] == ("001C0104", None, None)
    assert len(found) == 12


def test_a_locked_dd3_counts_whole_kwh():
    telegram = TextReader().feed(LOCKED)[-1]
    assert quantities(telegram)["0100010800ff"] == (10001, 3, "Wh")
    assert telegram.locked


def test_the_total_power_of_a_q3d_is_1_7_0():
    telegrams = TextReader().feed(Q3D)
    assert len(telegrams) == 3
    telegram = telegrams[-1]
    assert (telegram.server_id, telegram.meter_id) == ("1ESY1233000001", "112000001")
    found = quantities(telegram)
    assert found["0100010800ff"] == (10130368091, -4, "Wh")
    assert found["0100020800ff"] == (3760128508, -4, "Wh")
    assert found["0100010700ff"] == (24737, -2, "W")
    assert [found[code][0] for code in ("0100150700ff", "0100290700ff", "01003d0700ff")] == [
        4604,
        12230,
        7903,
    ]
    assert found["00006001ffff"] == ("1ESY1233000001", None, None)


def test_a_telegram_without_the_empty_line_is_one():
    assert counters(TextReader().feed(one(5).replace(b"\r\n\r\n", b"\r\n"))) == [5]


def test_power_is_negative_when_feeding_in():
    assert quantities(TextReader().feed(one(5))[0])["0100100700ff"] == (-4820, -2, "W")


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=6), noise=st.binary(max_size=60))
def test_any_chunks_and_noise_between_telegrams_give_the_same(sizes, noise):
    noise = noise.replace(b"/", b"").replace(b"!", b"")
    data = b"".join((noise, one(1), noise, b"\n", one(2), one(3)))
    reader, out, at, turn = TextReader(), [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        out += reader.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    assert counters(out) == [1, 2, 3]
    assert reader.bad == 0


@settings(max_examples=60, deadline=None)
@given(begin=st.integers(0, 200), lost=st.integers(1, 30))
def test_lost_bytes_never_make_a_wrong_counter(begin, lost):
    whole = one(1234567890123)
    begin %= len(whole)
    damaged = whole[:begin] + whole[begin + lost :]
    telegrams = TextReader().feed(whole + damaged + whole + whole)
    assert set(counters(telegrams)) <= {1234567890123, None}
    assert counters(telegrams)[-1] == 1234567890123


def test_a_second_slash_inside_ends_one_telegram_and_begins_another():
    reader = TextReader()
    assert counters(reader.feed(one(1)[:60] + one(2))) == [2]
    assert reader.bad == 1


def test_a_slash_within_a_number_leaves_no_telegram():
    reader = TextReader()
    assert reader.feed(one(1).replace(b"(0000", b"(00/0")) == []
    assert reader.bad == 1


def test_two_telegrams_that_ran_into_one_are_none():
    reader = TextReader()
    merged = one(1)[:-3] + one(2).split(b"\r\n", 1)[1]
    assert reader.feed(merged) == []
    assert reader.bad == 1


def test_a_damaged_line_is_dropped_and_the_others_stay():
    (telegram,) = TextReader().feed(one(5).replace(b"*kWh", b"*k\x00h"))
    assert set(quantities(telegram)) == {"0100000000ff", "0100600100ff", "0100100700ff", "0000600800ff"}
    assert telegram.odd == ("",)


def test_a_number_that_lost_a_digit_is_dropped_until_it_comes_twice_so():
    short = encode_text_telegram(
        "EBZ5DD3TEST_001", "1", [TextLine("1-0:1.8.0*255", 7, 8, "kWh", 5)], seconds=1
    )
    assert counters(TextReader().feed(one(1) + short + one(3) + short + short)) == [1, None, 3, None, 7]


@pytest.mark.parametrize(
    "line",
    [
        b"1-0:1.8.0*255(000123.45*kWh",
        b"1-0:1.8.0*255(000123.45*kWh) ",
        b"1-0:1.8.0*256(000123.45*kWh)",
        b"1-0:1.8.0(000123.45*kWh)",
        b"1-0:1.8.0*255(000123,45*kWh)",
        b"1-0:1.8.0*255(000123.*kWh)",
        b"1-0:1.8.0*255(000123.45*kWg)",
        b"1-0:1.8.0*255(000123.45*W)",
        b"1-0:1.8.0*255(-000123.45*kWh)",
        b"1-0:16.7.0*255(000123.45*kWh)",
        b"1-0:1.8.0*255(00\xb2123.45*kWh)",
        b"x1-0:1.8.0*255(000123.45*kWh)",
    ],
)
def test_a_line_that_is_not_exactly_one_or_not_plausible_is_no_entry(line):
    assert entry_of(line) is None


def test_endless_lines_and_telegrams_do_not_fill_the_memory():
    reader = TextReader()
    reader.feed(b"/EBZ5DD3\r\n" + b"x" * 1_000_000)
    assert len(reader._line) < 1000
    reader.feed(b"\n" + b"1-0:1.8.0*255(1*W)\r\n" * 10_000)
    assert not reader.in_telegram()
    assert counters(reader.feed(one(4))) == [4]

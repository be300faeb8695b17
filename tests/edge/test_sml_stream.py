"""Frames out of bytes: chunking, noise, lost bytes, memory."""

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st
from smllib.crc.kermit import get_crc

from edge.sml_encoder import SentEntry, encode_telegram
from edge.sml_stream import MAX_TELEGRAM, START, SmlReader
from edge.telegrams import Telegram

SERVER = bytes.fromhex("0a0153494d0001234567")

entries = st.builds(
    SentEntry,
    obis=st.binary(min_size=6, max_size=6).map(bytes.hex),
    value=st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.booleans(),
        st.binary(min_size=1, max_size=60),
        st.lists(
            st.sampled_from([b"\x1b", b"\x1b\x1b\x1b\x1b", START, b"\x1a", b"\x01"]), min_size=1, max_size=9
        ).map(b"".join),
    ),
    scaler=st.one_of(st.none(), st.integers(-9, 9)),
    unit=st.sampled_from([None, "Wh", "W", "V", "A", "Hz"]),
    status=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
)
telegrams = st.builds(
    lambda items, seconds: (items, seconds, encode_telegram(SERVER, items, seconds=seconds)),
    st.lists(entries, max_size=8),
    st.integers(0, 2**32 - 1),
)
noise = st.binary(max_size=40).filter(lambda data: b"\x1b" not in data)


def sent(number: int) -> bytes:
    return encode_telegram(SERVER, [SentEntry("0100010800ff", number, -1, "Wh")], seconds=number)


def counters(read: list[Telegram]) -> list[int | bool | str]:
    return [entry.value for telegram in read for entry in telegram.entries]


def fed(reader: SmlReader, data: bytes, sizes: list[int]) -> list[Telegram]:
    """Feeds `data` in pieces of these sizes, over and over."""
    out: list[Telegram] = []
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        out += reader.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    return out


@settings(max_examples=60, deadline=None)
@given(
    sent_ones=st.lists(st.tuples(noise, telegrams), min_size=1, max_size=3),
    tail=noise,
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=5),
)
def test_what_is_encoded_is_read_again_in_any_chunks_with_noise_between(sent_ones, tail, sizes):
    reader = SmlReader()
    read = fed(reader, b"".join(before + telegram[2] for before, telegram in sent_ones) + tail, sizes)
    assert len(read) == len(sent_ones)
    assert reader.bad == 0
    for telegram, (_, (items, seconds, _)) in zip(read, sent_ones, strict=True):
        assert telegram.server_id == SERVER.hex()
        assert telegram.meter_id == "1 SIM00 1908 8743"
        assert telegram.meter_seconds == seconds
        assert telegram.odd == ()
        assert len(telegram.entries) == len(items)
        for entry, item in zip(telegram.entries, items, strict=True):
            assert entry.obis == item.obis
            if isinstance(item.value, bytes):
                assert (entry.value, entry.scaler, entry.unit) == (item.value.hex(), None, None)
            else:
                assert (entry.value, entry.scaler, entry.unit) == (item.value, item.scaler, item.unit)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(9, 150), sizes=st.lists(st.integers(1, 200), min_size=1, max_size=4))
def test_a_telegram_cut_by_the_next_start_does_not_cost_the_next(cut, sizes):
    first = sent(1)
    assert counters(fed(SmlReader(), first[: min(cut, len(first) - 1)] + sent(2) + sent(3), sizes)) == [2, 3]


@settings(max_examples=80, deadline=None)
@given(
    lost=st.tuples(st.integers(0, 149), st.integers(1, 12)),
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=3),
)
def test_bytes_lost_in_one_telegram_cost_only_that_one(lost, sizes):
    first = sent(1)
    begin = min(lost[0], len(first) - 1)
    damaged = first[:begin] + first[begin + lost[1] :]
    assert counters(fed(SmlReader(), sent(0) + damaged + sent(2) + sent(3), sizes)) in (
        [0, 2, 3],
        [0, 1, 2, 3],
    )


@settings(max_examples=60, deadline=None)
@given(at=st.integers(8, 100), flip=st.integers(1, 255))
def test_a_wrong_byte_is_counted_and_its_telegram_dropped(at, flip):
    first = bytearray(sent(1))
    at = min(at, len(first) - 9)
    first[at] ^= flip
    reader = SmlReader()
    assert counters(reader.feed(bytes(first) + sent(2))) == [2]
    assert reader.bad == 1


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=600))
def test_no_bytes_whatever_raise(data):
    reader = SmlReader()
    reader.feed(data)
    reader.feed(START + data + sent(2))


def test_a_start_inside_the_payload_of_the_good_telegram_does_not_hide_it():
    good = encode_telegram(SERVER, [SentEntry("0100010800ff", START + b"\x00", None, None)], seconds=1)
    assert len(SmlReader().feed(sent(1)[:60] + good)) == 1


def test_a_telegram_cut_in_its_end_mark_does_not_cost_the_next():
    for lost in range(1, 9):
        reader = SmlReader()
        assert counters(reader.feed(sent(1)[:-lost] + sent(2))) == [2], lost
        assert reader.bad == 1


def test_two_telegrams_cut_in_a_row_do_not_cost_the_third():
    assert counters(SmlReader().feed(sent(1)[:50] + sent(2)[:70] + sent(3))) == [3]


def test_a_megabyte_given_at_once_loses_no_telegram():
    reader = SmlReader()
    assert len(reader.feed(sent(7) * 3000)) == 3000


def test_the_other_checksum_of_old_holley_meters_is_accepted():
    body = sent(5)[:-2]
    reader = SmlReader()
    assert counters(reader.feed(body + get_crc(body).to_bytes(2, "big"))) == [5]
    assert reader.bad == 0


def test_streams_without_start_or_end_do_not_fill_the_memory():
    for endless in (b"\x00" * 1000, START + b"\x76" * 992, START * 125, b"\x1b" * 1000):
        reader = SmlReader()
        reader.feed(endless)
        tracemalloc.start()
        for _ in range(200):
            reader.feed(endless)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * MAX_TELEGRAM
        assert counters(reader.feed(sent(1) + sent(2)))[-1] == 2


def test_a_cleared_reader_takes_only_what_begins_afterwards():
    reader = SmlReader()
    reader.feed(sent(1)[:40])
    assert reader.in_telegram()
    reader.clear()
    assert not reader.in_telegram()
    assert counters(reader.feed(sent(1)[40:] + sent(2))) == [2]
    assert reader.bad == 0

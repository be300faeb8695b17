"""Frames with odd content: what is odd costs itself only."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smllib.sml_frame import SmlFrame

from edge.sml_encoder import SentEntry, encode_telegram, octets, sequence, signed, transport, unsigned
from edge.sml_entries import telegram_of
from edge.sml_stream import SmlReader
from edge.telegrams import Telegram

SERVER = bytes.fromhex("0a0153494d0001234567")
IMPORT = SentEntry("0100010800ff", 123, -1, "Wh")
POWER = SentEntry("0100100700ff", -45, 0, "W")


def read(*entries: SentEntry, server: bytes = SERVER) -> Telegram:
    (telegram,) = SmlReader().feed(encode_telegram(server, entries, seconds=9))
    return telegram


def values(telegram: Telegram) -> dict[str, int | bool | str]:
    return {entry.obis: entry.value for entry in telegram.entries}


BOTH = {IMPORT.obis: 123, POWER.obis: -45}


@pytest.mark.parametrize(
    "odd",
    [
        SentEntry("010060320204", None, 0, "W"),
        SentEntry("010060320204", None, raw=b"\x00"),
        SentEntry("010060320204", None, raw=sequence([unsigned(9), unsigned(1)])),
        SentEntry("010060320204", None, raw=sequence([])),
    ],
    ids=["no value", "an end mark", "an unknown choice", "an empty list"],
)
def test_an_entry_without_a_usable_value_costs_no_other(odd):
    telegram = read(IMPORT, odd, POWER)
    assert values(telegram) == BOTH
    assert telegram.odd == (odd.obis,)


def test_an_entry_without_a_usable_code_costs_no_other():
    telegram = read(IMPORT, SentEntry("0100", 1), POWER)
    assert values(telegram) == BOTH
    assert telegram.odd == ("",)


@pytest.mark.parametrize(
    "raw",
    [b"\x5f\x00", b"\x83\x0f\x00", b"\x33\x00\x00", b"\xff\xff\xff\xff\x7f", b"\x71" * 40],
    ids=bytes.hex,
)
def test_a_value_that_breaks_the_structure_costs_no_other_entry(raw):
    telegram = read(IMPORT, SentEntry("010060320204", 0, raw=raw), POWER)
    assert values(telegram) == BOTH
    assert telegram.server_id == SERVER.hex()
    assert "010060320204" in telegram.odd


def test_a_time_as_value_is_its_seconds_index():
    telegram = read(SentEntry("010000000000", None, raw=sequence([unsigned(1), unsigned(77, 4)])))
    assert values(telegram) == {"010000000000": 77}


def test_a_message_of_an_unknown_kind_costs_no_other():
    whole = encode_telegram(SERVER, [IMPORT], seconds=9)
    messages = whole[8:-8].rstrip(b"\x00") + b"\x00"
    unknown = sequence(
        [octets(b"x"), unsigned(0), unsigned(0), sequence([unsigned(0xFF01, 2), signed(1)]), unsigned(0, 2)]
    )
    (telegram,) = SmlReader().feed(transport(unknown + b"\x00" + messages))
    assert values(telegram) == {IMPORT.obis: 123}


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=200))
def test_a_frame_of_any_content_gives_a_telegram(content):
    telegram_of(SmlFrame(content))


@settings(max_examples=80, deadline=None)
@given(at=st.integers(0, 400), byte=st.integers(0, 255))
def test_a_frame_with_any_byte_changed_gives_a_telegram(at, byte):
    frame = bytearray(encode_telegram(SERVER, [IMPORT, POWER], seconds=9)[8:-8])
    frame[at % len(frame)] = byte
    telegram_of(SmlFrame(bytes(frame)))


def dzg(serial: int, raw: str) -> Telegram:
    server = bytes.fromhex("0a01445a4700") + serial.to_bytes(4, "big")
    return read(SentEntry("0100100700ff", 0, -2, "W", raw=bytes.fromhex(raw)), server=server)


def test_the_power_of_a_defective_dzg_meter_is_corrected_marked_and_derivable():
    telegram = dzg(42_000_001, "538b28")
    (entry,) = telegram.entries
    assert (entry.value, entry.scaler, entry.unit) == (35624, -2, "W")
    assert telegram.marks == ("dzg_power_unsigned",)
    assert entry.sent == bytes.fromhex("538b28")
    assert entry.value - 256 ** (entry.value.bit_length() // 8) == int.from_bytes(
        entry.sent[1:], "big", signed=True
    )


@pytest.mark.parametrize("serial", [41_999_999, 49_000_000, 54_999_999, 59_000_000, 60_694_612])
def test_a_dzg_meter_outside_the_ranges_is_truly_negative(serial):
    telegram = dzg(serial, "538b28")
    assert (telegram.entries[0].value, telegram.marks) == (-29912, ())


@pytest.mark.parametrize(
    ("raw", "value"), [("55fffe1393", -126061), ("537fff", 32767), ("52ff", 255), ("54ffffff", 16777215)]
)
def test_a_defective_dzg_meter_sends_longer_numbers_rightly(raw, value):
    assert dzg(58_999_999, raw).entries[0].value == value

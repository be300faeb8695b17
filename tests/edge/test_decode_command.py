"""`survey edge decode`."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from couch.errors import Fault
from edge.decode_command import decode
from edge.sml_encoder import SentEntry, encode_telegram

TEXT = Path(__file__).parent / "data" / "eBZ_DD3_BZ06ETA.txt"
SERVER = bytes.fromhex("0a0153494d0001234567")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(decode, [str(argument) for argument in arguments])


def telegram(tenths: int) -> bytes:
    entries = [
        SentEntry("0100600100ff", SERVER),
        SentEntry("0100010800ff", tenths, -1, "Wh"),
        SentEntry("0100100700ff", -300, 0, "W"),
    ]
    return encode_telegram(SERVER, entries, seconds=5)


@pytest.fixture
def capture(tmp_path):
    file = tmp_path / "capture.bin"
    broken = bytearray(telegram(3))
    broken[60] ^= 1
    file.write_bytes(b"\x00noise" + telegram(12) + bytes(broken) + telegram(13) + telegram(14)[:50])
    return file


def test_json_lines_hold_each_good_telegram_and_a_last_line_the_counts(capture):
    result = run(capture, "--json")
    assert result.exit_code == 0
    first, second, last = (json.loads(line) for line in result.output.splitlines())
    assert first == {
        "server_id": "0a0153494d0001234567",
        "meter_id": "1 SIM00 1908 8743",
        "readings": [
            {"obis": "0100600100ff", "value": "0a0153494d0001234567", "scaler": None, "unit": None},
            {"obis": "0100010800ff", "value": 12, "scaler": -1, "unit": "Wh"},
            {"obis": "0100100700ff", "value": -300, "scaler": 0, "unit": "W"},
        ],
    }
    assert second["readings"][1]["value"] == 13
    assert last == {"telegrams": 3, "bad_crc": 1}


def test_people_get_exact_quantities_and_the_counts(capture):
    output = run(capture).output
    assert "1-0:1.8.0*255        1.2 Wh" in output
    assert output.endswith("3 telegrams, 1 of them with a bad checksum\n")


def test_text_telegrams_are_recognised_by_their_bytes():
    lines = run(TEXT, "--json").output.splitlines()
    assert json.loads(lines[-1]) == {"telegrams": 3, "bad_crc": 0}
    assert {"obis": "0100010800ff", "value": 12525688570, "scaler": -5, "unit": "Wh"} in json.loads(lines[0])[
        "readings"
    ]


def test_the_protocol_can_be_given(capture):
    result = run(capture, "--protocol", "text_d", "--json")
    assert json.loads(result.output) == {"telegrams": 0, "bad_crc": 0}
    assert isinstance(result.exception, Fault)


def test_the_protocol_is_found_behind_much_noise(tmp_path):
    file = tmp_path / "late.bin"
    file.write_bytes(b"\x55" * 200_003 + telegram(1))
    assert json.loads(run(file, "--json").output.splitlines()[-1]) == {"telegrams": 1, "bad_crc": 0}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\x55\x56" * 3000, "no start of an SML telegram and no line of a text telegram"),
        (telegram(1)[:90], "holds no whole telegram (0 broken)"),
        (telegram(1)[:90] + telegram(2)[:-1] + b"x", "holds no whole telegram (2 broken)"),
        (TEXT.read_bytes()[:200], "holds no whole telegram"),
    ],
    ids=["empty", "noise", "truncated", "damaged", "truncated text"],
)
def test_a_file_without_a_telegram_is_one_clear_line(tmp_path, content, says):
    file = tmp_path / "capture.bin"
    file.write_bytes(content)
    error = run(file, "--json").exception
    assert isinstance(error, Fault)
    assert says in str(error)
    assert "\n" not in str(error)


def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path):
    locked = tmp_path / "locked.bin"
    locked.touch()
    locked.chmod(0)
    for file in (tmp_path / "absent.bin", tmp_path, *(() if os.geteuid() == 0 else (locked,))):
        error = run(file).exception
        assert isinstance(error, Fault)
        assert "cannot be read" in str(error)

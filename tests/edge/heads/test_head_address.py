"""Addresses of heads."""

import pytest

from couch.errors import Fault
from edge.heads.head_address import ReplayAddress, SerialAddress, SimAddress, parse_head


def test_each_kind_of_address_is_understood():
    assert parse_head("serial:///dev/ttyUSB0") == SerialAddress("/dev/ttyUSB0", 9600)
    assert parse_head("serial:///dev/ttyUSB0?baud=300") == SerialAddress("/dev/ttyUSB0", 300)
    assert parse_head("replay:///a%20b/c.bin?loop=0") == ReplayAddress("/a b/c.bin", 0)
    assert parse_head("replay://captures/c.bin") == ReplayAddress("captures/c.bin", 1)
    assert parse_head("sim://pv?seed=7&pv_kw=9.5") == SimAddress("pv", seed=7, pv_kw=9.5)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/dev/ttyUSB0",
        "http://x",
        "serial://",
        "replay://",
        "sim://water",
        "sim://",
        "sim://grid?seed=one",
        "sim://grid?sede=1",
        "sim://grid?pv_kw=-1",
        "sim://grid?seed",
        "replay:///x?loop=2",
        "serial://[",
    ],
)
def test_a_wrong_address_is_one_line_that_names_it_and_shows_examples(url):
    with pytest.raises(Fault) as fault:
        parse_head(url)
    assert repr(url) in str(fault.value)
    assert "serial:///dev/ttyUSB0" in str(fault.value)
    assert "\n" not in str(fault.value)

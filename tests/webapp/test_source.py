"""Whence a request comes."""

import pytest

from webapp.source import UNKNOWN, source_of


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        (None, UNKNOWN),
        ("", UNKNOWN),
        ("x, y", UNKNOWN),
    ],
)
def test_a_source_is_an_ipv4_address_or_a_network_of_ipv6(address: str | None, source: str) -> None:
    assert source_of(address) == source

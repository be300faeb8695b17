"""The device's page opens in the home network alone."""

from typing import Any

import pytest

from couch.errors import Fault
from webapp.headers import host_is_ours
from webapp.home_network import HOME_NETWORKS, networks, within

HOME = networks(HOME_NETWORKS)


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("192.168.178.20", True),
        ("10.1.2.3", True),
        ("172.31.255.1", True),
        ("172.32.0.1", False),
        ("169.254.7.7", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("fd12:3456::1", True),
        ("::ffff:192.168.1.1", True),
        ("::ffff:93.184.216.34", False),
        ("93.184.216.34", False),
        ("2001:db8::1", False),
        ("192.0.2.1", False),  # private to Python, in nobody's home
        ("100.64.0.1", False),  # the provider's side of its NAT
        ("0.0.0.0", False),
        ("", False),
        (None, False),
        ("survey.home", False),
    ],
)
def test_what_counts_as_home(address: str | None, home: bool) -> None:
    assert within(address, HOME) is home


@pytest.mark.parametrize("path", ["/", "/sign-in", "/overview", "/static/survey.css", "/nowhere"])
def test_whoever_asks_from_elsewhere_sees_nothing(device: Any, path: str) -> None:
    browser = device.participant()
    browser.client.environ_base["REMOTE_ADDR"] = "93.184.216.34"
    answer = browser.get(path)
    assert answer.status_code == 403
    assert "home network" in answer.text
    assert "csrf_token" not in answer.text


def test_a_header_does_not_make_a_stranger_a_neighbour(device: Any) -> None:
    browser = device.visitor()
    browser.client.environ_base["REMOTE_ADDR"] = "93.184.216.34"
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert browser.get("/sign-in", headers={name: "192.168.1.2"}).status_code == 403


def test_a_port_that_the_router_forwards_is_refused_by_the_address_in_the_address_bar(device: Any) -> None:
    assert device.visitor().get("/sign-in", headers={"Host": "93.184.216.34:8080"}).status_code == 421
    assert device.visitor().get("/sign-in", headers={"Host": "192.168.1.5:8080"}).status_code == 200
    assert host_is_ours("[fe80::1]:8080", [], HOME)
    assert not host_is_ours("[2001:db8::1]", [], HOME)


def test_other_networks_can_be_set(make_own_device: Any) -> None:
    browser = make_own_device(home=networks(["198.51.100.0/24"])).visitor()
    browser.client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    assert browser.get("/sign-in").status_code == 200
    browser.client.environ_base["REMOTE_ADDR"] = "192.168.1.2"
    assert browser.get("/sign-in").status_code == 403


def test_every_network_that_is_none_is_named() -> None:
    with pytest.raises(Fault, match=r"'home'.*'10.0.0.1/8'"):
        networks(["home", "10.0.0.1/8", "10.0.0.0/8"])

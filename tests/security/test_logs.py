"""What both doors log about all of this, looked at as a whole."""

from typing import Any

from captured_log import leaks


def test_the_log_names_what_it_should_and_nothing_secret(world: Any) -> None:
    """The serial stands in it for the administrator; who lives there, and what opens doors, does not."""
    mark = world.log.mark()
    refused = world.ask("GET", "/household-<other>/_security", "Authorization: Basic <admin>")
    assert refused.statuses == (403,)
    text = world.logged(mark)
    assert world.authority.serial("device") in text.lower()
    assert not leaks(text, world.secrets)


def test_what_counts_as_a_leak_is_found(world: Any) -> None:
    for name, value in world.secrets.items():
        if value:
            assert leaks(f"x {value} y", world.secrets), name
    assert leaks("Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", {})
    assert leaks("-----BEGIN CERTIFICATE-----", {})
    assert not leaks("refused certificate 0a0b of device 6a0f3a55: 'GET' '/account'", world.secrets)


def test_no_log_of_all_that_was_tried_holds_a_secret(world: Any) -> None:
    assert not leaks(world.log.all(), world.secrets)

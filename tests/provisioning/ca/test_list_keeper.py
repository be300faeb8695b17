"""The lists are renewed while a service runs, in time and not more often."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from couch.certificate import read_certificate
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.list_keeper import keep_lists, publish_if_due

DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"


def test_a_fresh_list_is_left_alone_and_an_old_one_renewed(authority: IssuingAuthority, time: Any) -> None:
    assert not publish_if_due(authority)
    time.pass_by(timedelta(days=4))
    assert publish_if_due(authority)
    assert not publish_if_due(authority)


def test_a_revocation_that_another_process_left_unpublished_is_published(
    authority: IssuingAuthority, issue: Callable[..., str], time: Any
) -> None:
    serial = read_certificate(issue(DEVICE, HOUSEHOLD).encode()).serial
    authority.records.revoke(serial, time(), "unspecified")
    assert publish_if_due(authority)


def test_the_keeper_renews_and_ends_when_told(authority: IssuingAuthority, time: Any) -> None:
    stop, published = threading.Event(), threading.Event()
    keeper = threading.Thread(
        target=keep_lists, args=(authority, stop), kwargs={"published": published.set, "every_s": 0.01}
    )
    keeper.start()
    time.pass_by(timedelta(days=4))
    assert published.wait(20)
    stop.set()
    keeper.join(20)
    assert not keeper.is_alive()


def test_a_failure_is_logged_and_tried_again(
    authority: IssuingAuthority, time: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stop, published = threading.Event(), threading.Event()
    list_of_root = authority.folder.root_crl.read_text()
    authority.folder.root_crl.unlink()
    time.pass_by(timedelta(days=4))

    class Noticed(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            authority.folder.root_crl.write_text(list_of_root)

    handler = Noticed()
    logging.getLogger("survey.ca").addHandler(handler)
    keeper = threading.Thread(
        target=keep_lists, args=(authority, stop), kwargs={"published": published.set, "every_s": 0.01}
    )
    try:
        keeper.start()
        assert published.wait(20)
    finally:
        stop.set()
        keeper.join(20)
        logging.getLogger("survey.ca").removeHandler(handler)
    assert "could not be renewed" in caplog.text

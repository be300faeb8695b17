"""Keeping `crl.pem` fresh: a list that ended makes nginx refuse everybody."""

import logging
import threading
from collections.abc import Callable

from couch.errors import Fault
from provisioning.ca.authority import IssuingAuthority

EVERY_S = 3600.0  # a list holds for a week and is due at half of it
_log = logging.getLogger("survey.ca")


def publish_if_due(authority: IssuingAuthority) -> bool:
    """Sign and publish the lists where that is due; whether it was. Raises Fault."""
    if not authority.crl_due():
        return False
    authority.crl()
    return True


def keep_lists(
    authority: IssuingAuthority,
    stop: threading.Event,
    *,
    published: Callable[[], None],
    every_s: float = EVERY_S,
) -> None:
    """Look every `every_s` real seconds until `stop` is set; `published` is called after each publication.

    A failure is logged and tried again: the list that stands is still good for days.
    """
    while not stop.is_set():
        try:
            if publish_if_due(authority):
                published()
        except Fault as err:
            _log.error("the revocation lists could not be renewed: %s", err)
        stop.wait(every_s)

"""What the commands of a participant's rights need of the anonymizer; `survey.py` brings it."""

from collections.abc import Callable, Mapping
from typing import Protocol

from couch.centre_settings import CentreSettings

META = "provisioning.rights.anonymizing"  # under this name in click's context


class Names(Protocol):
    """The pseudonyms of uuids."""

    def household(self, uuid: str) -> str: ...

    def meter(self, uuid: str) -> str: ...

    def pv_system(self, uuid: str) -> str: ...


class Anonymizing(Protocol):
    """The worker's view of one household."""

    @property
    def pseudonyms(self) -> Names: ...

    def visit(self, household: str) -> None:
        """Let a worker look at it now; returns early where another living worker has to."""

    def ask_for_erasure(self, household: str) -> None:
        """Write down that nothing of it is to be kept."""


Opened = Callable[[CentreSettings, Mapping[str, str]], Anonymizing]

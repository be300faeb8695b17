"""An authority in a folder of its own, whose time is what a test says."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.ca.keys import new_key
from provisioning.ca.signing_request import new_signing_request

START = datetime(2025, 7, 1, 12, tzinfo=UTC)


class Time:
    """A clock that stands still until a test moves it."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, span: timedelta) -> None:
        self.moment += span


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def passphrase() -> Secret:
    return Secret("correct horse battery staple")


@pytest.fixture
def folder(tmp_path: Path, passphrase: Secret, time: Time) -> Path:
    return create_authority(tmp_path / "ca", passphrase, passphrase, now=time).path


@pytest.fixture
def authority(folder: Path, passphrase: Secret, time: Time) -> Iterator[IssuingAuthority]:
    with IssuingAuthority(folder, passphrase, now=time) as opened:
        yield opened


@pytest.fixture
def csr() -> bytes:
    return new_signing_request(new_key())


@pytest.fixture
def issue(authority: IssuingAuthority, csr: bytes) -> Callable[..., str]:
    """A device's chain for the two uuids that all tests use; keywords are passed on."""

    def issued(device: str, household: str, **more: object) -> str:
        return authority.issue_device(csr, device, household, "ada@example.org", **more)

    return issued

"""The centre's enrolment, opened from its settings: for the web service that answers devices."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from couch.centre_settings import CentreSettings
from provisioning.ca.authority import IssuingAuthority, real_time
from provisioning.ca.passphrase import given_passphrase
from provisioning.enrolment import Enrolment
from provisioning.enrolment_households import CentralHouseholds
from provisioning.enrolment_store import EnrolmentStore


@contextmanager
def opened_enrolment(
    settings: CentreSettings, environ: Mapping[str, str], *, now: Callable[[], datetime] = real_time
) -> Iterator[Enrolment]:
    """Raises Fault: no authority, no or a wrong pass phrase, an unreadable key, a clock that is off."""
    passphrase = given_passphrase(settings.ca_passphrase_file, environ)
    with (
        IssuingAuthority(settings.ca_folder, passphrase, now=now) as authority,
        EnrolmentStore(settings.ca_folder) as store,
    ):
        yield Enrolment(authority, store, CentralHouseholds(settings.worker_server), now=now)

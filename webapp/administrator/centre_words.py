"""What goes wrong at the centre, and what does not agree, in words marked for translation."""

from datetime import timedelta

from couch.documents import Step
from webapp.administrator.centre_state import CentreTrouble
from webapp.administrator.contradictions import Contradiction
from webapp.moments import span
from webapp.numbers import number
from webapp.translation import gettext, marked

# What happened and what it means; what to do.
TROUBLES: dict[CentreTrouble, tuple[str, str]] = {
    CentreTrouble.NO_WORKER: (
        marked("No worker is running: what arrives waits, and consent takes no effect at the centre."),
        marked("Start one: survey anonymizer run. If one should be running, read its log."),
    ),
    CentreTrouble.ERASURE_STANDS_STILL: (
        marked("An erasure stands still: what somebody wants deleted is still there."),
        marked("Read the reason below, mend it, and try again."),
    ),
    CentreTrouble.UNREADABLE: (
        marked("Entries of the registry cannot be read: what they say, of devices too, is missing here."),
        marked(
            "Read below which and why. Most often pages and worker are of different releases: run the same "
            "one of both."
        ),
    ),
    CentreTrouble.WORKER_BEHIND: (
        marked("The worker is behind: households wait for it longer than they should."),
        marked("If it goes on, start another worker; they share the households among them."),
    ),
    CentreTrouble.PARKED: (
        marked("Documents are parked: the worker could not take them, the rest goes on."),
        marked("Read the reasons below, mend what is wrong, and try again."),
    ),
}

CONTRADICTIONS: dict[Contradiction, str] = {
    Contradiction.MEASURED_NOT_ARRIVED: marked(
        "The device says that it measured, but no measurement so new is at the centre."
    ),
    Contradiction.NOTHING_WAITS: marked(
        "It says that nothing waits to be sent, so it takes for delivered what the centre does not have."
    ),
    Contradiction.ARRIVED_NOT_MEASURED: marked(
        "The centre has newer measurements than the device says to have made. Somebody else may use its key."
    ),
    Contradiction.HEARD_NOT_SENT: marked(
        "Its reports arrive, but it says that it has sent no documents for long."
    ),
    Contradiction.PARKED_NOT_REFUSED: marked(
        "The worker could not take documents of this household; the device knows of none that was refused."
    ),
    Contradiction.CLOCK: marked("The device's clock and the centre's do not agree."),
    Contradiction.CERTIFICATE: marked(
        "The certificate authority has issued a newer certificate than the device uses."
    ),
}

STEPS: dict[Step, str] = {
    Step.ACCESS_CLOSED: marked("close the access"),
    Step.RESEARCH_COMPLETE: marked("show that research holds every reading"),
    Step.CONTEXT_ANONYMIZED: marked("draw the anonymized location"),
    Step.DATABASE_REMADE: marked("destroy the household's database and make it anew"),
    Step.REGISTRY_CLEARED: marked("clear the registry and accounts"),
    Step.FILES_COMPACTED: marked("compact the files"),
}


def wait(lag: timedelta) -> str:
    """How long something waits: `4 s`, `3 minutes`."""
    seconds = lag.total_seconds()
    return gettext("%(n)s s", n=number(seconds)) if seconds < 60 else span(lag)

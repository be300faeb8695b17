"""What a trouble means and what to do about it, in the reader's language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from couch.documents import ConsentState
from couch.registering import DeviceStage
from webapp.administrator.fleet import Standing
from webapp.administrator.troubles import Kind, Trouble, Urgency
from webapp.moments import span
from webapp.numbers import number
from webapp.translation import gettext, marked, ngettext


@dataclass(frozen=True, slots=True)
class Words:
    """Of one kind of trouble, marked for translation: a short name, and what an administrator does."""

    name: str
    todo: str


URGENCIES: dict[Urgency, str] = {
    Urgency.NOW: marked("now"),
    Urgency.SOON: marked("soon"),
    Urgency.LATER: marked("when there is time"),
}
NEEDS: dict[Urgency, str] = {
    Urgency.NOW: marked("need somebody now"),
    Urgency.SOON: marked("need somebody soon"),
    Urgency.LATER: marked("can wait"),
}
TONES: dict[Urgency, str] = {Urgency.NOW: "bad", Urgency.SOON: "warn", Urgency.LATER: ""}  # CSS classes

STANDINGS: dict[Standing, str] = {
    Standing.TROUBLED: marked("not well"),
    Standing.AWAITED: marked("first report awaited"),
    Standing.WELL: marked("well"),
    Standing.ERASED: marked("household erased"),
}

ALL = marked("all devices")
ANY_TROUBLE = marked("any")
ANY_CONSENT = marked("any")
CLOCKS = {
    "synchronized": marked("synchronized"),
    "unsynchronized": marked("not synchronized"),
    "implausible": marked("cannot be right"),
}
STAGES = {
    DeviceStage.INVITED: marked("not yet, its code can still be used"),
    DeviceStage.UNINVITED: marked("not yet, and it has no code that can be used"),
    DeviceStage.JOINED: marked("yes"),
    DeviceStage.REVOKED: marked("it was, its certificate is revoked"),
    DeviceStage.REPLACED: marked("it was, another device took its place"),
}
CONSENTS = {
    ConsentState.NOT_GRANTED: marked("not granted"),
    ConsentState.GRANTED: marked("granted"),
    ConsentState.REVOKED: marked("revoked"),
}

WORDS: dict[Kind, Words] = {
    Kind.LONG_SILENT: Words(
        marked("silent for more than a day"),
        marked(
            "Ask the household whether the device has power and the router works. If both do, have the "
            "device unplugged and plugged in again; if it stays silent, replace it."
        ),
    ),
    Kind.SILENT: Words(
        marked("silent"),
        marked(
            "Wait: most often the network of the household is down, and nothing is lost. Ask there if it "
            "lasts for a day."
        ),
    ),
    Kind.NEVER_REPORTED: Words(
        marked("has never reported"),
        marked(
            "Ask whether the device was set up and connected. If it was, it may not have joined: give it a "
            "new code, or look at its log."
        ),
    ),
    Kind.NOT_MEASURING: Words(
        marked("does not measure"),
        marked(
            "The device is there and hears no meter. Have somebody look whether the optical head sits on "
            "the meter and is plugged in, and whether the meter asks for its PIN. The device's page names "
            "the cause."
        ),
    ),
    Kind.NOT_ARRIVING: Words(
        marked("measures, but nothing arrives"),
        marked(
            "Look on the device's page whether documents wait or were refused, and on the page of the centre "
            "whether a worker runs and whether documents of this household are parked."
        ),
    ),
    Kind.CLOCK_IMPLAUSIBLE: Words(
        marked("clock cannot be right"),
        marked(
            "Nothing is measured until the clock is set. The device sets it by itself once it reaches a time "
            "server: check whether the router lets it (port 123, UDP)."
        ),
    ),
    Kind.CERTIFICATE_ENDED: Words(
        marked("certificate has ended"),
        marked(
            "The device comes back by itself as soon as it reaches the centre. If it does not within a day, "
            "replace its identity: survey device replace."
        ),
    ),
    Kind.CERTIFICATE_ENDS: Words(
        marked("certificate ends soon"),
        marked(
            "It should have been renewed by itself. Look at the errors of the device, and whether the "
            "certificate authority of the centre can issue: survey ca check."
        ),
    ),
    Kind.BACKLOG: Words(
        marked("documents wait"),
        marked(
            "Heartbeats arrive, documents do not. Look at the errors of the device, and whether the database "
            "of the centre has room and answers."
        ),
    ),
    Kind.REFUSED: Words(
        marked("documents were refused"),
        marked(
            "The centre's rules did not take them; the device keeps them and offers them again each day. "
            "survey edge status on the device names each with the reason."
        ),
    ),
    Kind.DISK_LOW: Words(
        marked("disk nearly full"),
        marked("Set keep_days in the settings of the device, or give it a larger card."),
    ),
    Kind.TOO_HOT: Words(
        marked("too hot"), marked("Have the device put where air can reach it, out of the sun.")
    ),
    Kind.CLOCK_UNSYNCHRONIZED: Words(
        marked("clock not synchronized"),
        marked("Measurements are marked as doubtful. Check whether the router lets time servers through."),
    ),
    Kind.CLOCK_DIFFERS: Words(
        marked("clock differs from the centre's"),
        marked(
            "Compare both clocks. If all devices differ the same way, it is the centre's that is wrong, or "
            "the worker was stopped for a while."
        ),
    ),
    Kind.ERRORS: Words(marked("reports errors"), marked("The device's page shows what it says.")),
    Kind.CONFLICTS: Words(
        marked("conflicting documents"),
        marked(
            "Nothing is lost: one revision holds everywhere. Write the document once more at the centre, for "
            "example by correcting the registration, and the conflict is settled."
        ),
    ),
    Kind.OLD_RELEASE: Words(marked("old release"), marked("Update the device.")),
}


# How long it has been so; the certificate's: how long it still holds.
_SPANS: dict[Kind, str] = {
    Kind.LONG_SILENT: marked("silent for %(span)s"),
    Kind.SILENT: marked("silent for %(span)s"),
    Kind.NEVER_REPORTED: marked("registered %(span)s ago, has never reported"),
    Kind.NOT_MEASURING: marked("no measurement for %(span)s, though consent is granted"),
    Kind.NOT_ARRIVING: marked("measures, but nothing has arrived for %(span)s"),
    Kind.CERTIFICATE_ENDS: marked("certificate ends in %(span)s"),
}


def _waiting(n: int) -> str:
    return ngettext("%(shown)s document waits", "%(shown)s documents wait", n, shown=number(n))


def _refused(n: int) -> str:
    return ngettext("%(shown)s document was refused", "%(shown)s documents were refused", n, shown=number(n))


def _conflicting(n: int) -> str:
    return ngettext("%(n)s conflicting document", "%(n)s conflicting documents", n)


def _errors(n: int) -> str:
    return ngettext("reports %(n)s error", "reports %(n)s errors", n)


_AMOUNTS: dict[Kind, Callable[[float], str]] = {
    Kind.BACKLOG: lambda n: _waiting(int(n)),
    Kind.REFUSED: lambda n: _refused(int(n)),
    Kind.CONFLICTS: lambda n: _conflicting(int(n)),
    Kind.ERRORS: lambda n: _errors(int(n)),
    Kind.DISK_LOW: lambda free: gettext("disk nearly full: %(free)s free", free=room(free)),
    Kind.TOO_HOT: lambda degrees: gettext("too hot: %(degrees)s °C", degrees=number(degrees, 0)),
    Kind.CLOCK_DIFFERS: lambda seconds: offset(timedelta(seconds=seconds)),
}


def in_words(trouble: Trouble, now: datetime) -> str:
    """The trouble in one phrase, with how much."""
    kind = trouble.kind
    if kind in _SPANS and trouble.since is not None:
        return gettext(_SPANS[kind], span=span(abs(now - trouble.since)))
    if kind in _AMOUNTS and trouble.amount is not None:
        return _AMOUNTS[kind](trouble.amount)
    if kind is Kind.OLD_RELEASE:
        return gettext("old release %(release)s", release=trouble.text)
    return gettext(WORDS[kind].name)


def todo(trouble: Trouble) -> str:
    """What to do about it."""
    return gettext(WORDS[trouble.kind].todo)


def offset(ahead: timedelta) -> str:
    """How far a device's clock is from the centre's."""
    if abs(ahead) < timedelta(minutes=1):
        return gettext("clock agrees with the centre's to the minute")
    if ahead > timedelta(0):
        return gettext("clock is %(span)s ahead", span=span(ahead))
    return gettext("clock is %(span)s behind, or its report took that long", span=span(-ahead))


def room(free_bytes: float) -> str:
    """Room on a disk: `12.3 GB`."""
    if free_bytes >= 10**9:
        return gettext("%(n)s GB", n=number(free_bytes / 10**9, 1))
    return gettext("%(n)s MB", n=number(free_bytes / 10**6, 0))

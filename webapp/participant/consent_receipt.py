"""The receipt of a grant or a revocation: what this device recorded, when, and whether the centre has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from couch.client import Database
from couch.documents import Consent, Device, stamp
from couch.errors import BadDocument
from webapp.dates import local
from webapp.participant.consent_record import ConsentRecord, Step
from webapp.participant.sending import Sending, read_sending
from webapp.translation import gettext, marked

GRANT_MEANS = (
    marked(
        "The device reads your electricity and generation meters every 15 minutes, from the next quarter of "
        "an hour on."
    ),
    marked(
        "The measurements are sent to the research centre. The researchers may evaluate them together with "
        "your registration: your location, your household, your photovoltaic systems."
    ),
    marked("You can revoke your consent at any time. Granting it a second time is not possible after that."),
)
REVOCATION_MEANS = (
    marked(
        "The device stops measuring at once. Leave it connected until its page says that it was erased, then "
        "send it back to the researchers."
    ),
    marked(
        "Your name, your address and your email address are removed at the research centre. Your location "
        "there is replaced by a random one in the wider area, and the data of your photovoltaic systems are "
        "made coarser."
    ),
    marked(
        "Measurements that the centre holds stay there without any link to you. Measurements that were not "
        "sent yet are erased on this device."
    ),
    marked("This is final: you cannot grant your consent again."),
)
MEANS: Mapping[Step, tuple[str, ...]] = {"granted": GRANT_MEANS, "revoked": REVOCATION_MEANS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentReceipt:
    """`recorded_by`: the device's name where the registration knows it; None: the researchers recorded it."""

    step: Step
    consent: Consent
    household: str
    recorded_by: str | None
    sending: Sending
    made_at: datetime

    @property
    def means(self) -> tuple[str, ...]:
        """What was agreed to, as the page said it; marked for translation."""
        return MEANS[self.step]


def read_receipt(
    replica: Database, record: ConsentRecord, step: Step, *, household: str, now: datetime
) -> ConsentReceipt | None:
    """None where that was not recorded, or its document cannot be read. Raises CouchError."""
    consent = record.granted if step == "granted" else record.revoked
    if consent is None:
        return None
    by_letter = consent.by.role == "researcher"
    return ConsentReceipt(
        step=step,
        consent=consent,
        household=household,
        recorded_by=None if by_letter else _device_name(replica, consent.by.device),
        # What researchers recorded came from the centre, so it has it.
        sending=Sending.SENT if by_letter else read_sending(replica, [consent.id])[consent.id],
        made_at=now,
    )


def as_text(receipt: ConsentReceipt, zone: tzinfo) -> str:
    """The receipt as a text file to keep, in the reader's language."""
    consent = receipt.consent
    revoked = receipt.step == "revoked"
    title = gettext("Receipt: consent revoked") if revoked else gettext("Receipt: consent granted")
    facts = [
        (gettext("Revoked") if revoked else gettext("Granted"), _both(consent.at, zone)),
        (gettext("Household"), receipt.household),
        (gettext("Recorded by"), receipt.recorded_by or gettext("the researchers, for you")),
        (gettext("Device"), consent.by.device or "-"),
        (gettext("Document"), consent.id),
        (gettext("At the research centre"), sending_words(receipt.sending)),
        (gettext("This receipt was made"), _both(receipt.made_at, zone)),
    ]
    lines = [title, "=" * len(title), "", *(f"{name}: {value}" for name, value in facts), ""]
    lines += [gettext("What that means:"), "", *(f"* {gettext(each)}" for each in receipt.means), ""]
    return "\n".join(lines)


def sending_words(sending: Sending) -> str:
    """Whether the centre has a decision."""
    match sending:
        case Sending.SENT:
            return gettext("yes, it has it")
        case Sending.REFUSED:
            return gettext("no, it did not take it: please tell the researchers")
        case _:
            return gettext("not yet: it is sent as soon as the device has a connection")


def _both(moment: datetime, zone: tzinfo) -> str:
    return f"{local(moment, zone)} ({stamp(moment)})"


def _device_name(replica: Database, device: str | None) -> str:
    found = replica.find(f"device:{device}") if device else None
    try:
        return gettext("this device") if found is None else Device.from_json(found).name
    except BadDocument:
        return gettext("this device")

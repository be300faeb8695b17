"""Whether the research centre is reached, in plain words. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from couch.documents import ConsentState, Heartbeat
from webapp.moments import ago
from webapp.numbers import number
from webapp.participant.device_known import Known, Sentence, parts_in_trouble
from webapp.participant.moment_words import when
from webapp.translation import gettext, ngettext

_LONG_WITHOUT_CENTRE = timedelta(days=1)


def connection(beat: Heartbeat, known: Known) -> Iterator[Sentence]:
    waiting, now = beat.backlog or 0, known.now
    if "push" not in parts_in_trouble(beat):
        if beat.last_push is None:
            yield Sentence(gettext("Nothing was sent to the research centre yet."), "note")
        elif known.consent is ConsentState.GRANTED and known.last_measured is not None:
            reached = ago(beat.last_push, now)
            yield Sentence(gettext("The last data reached the research centre %(ago)s.", ago=reached))
        else:
            yield Sentence(
                gettext(
                    "The device last spoke with the research centre %(ago)s.", ago=ago(beat.last_push, now)
                )
            )
        if waiting and known.consent is ConsentState.GRANTED:
            yield Sentence(
                ngettext(
                    "%(count)s record waits here to be sent.",
                    "%(count)s records wait here to be sent.",
                    waiting,
                    count=number(waiting),
                )
            )
        return
    last = max((at for at in (beat.last_push, beat.last_pull) if at is not None), default=None)
    if last is None:
        first = gettext("The device has never reached the research centre.")
    else:
        first = gettext(
            "No connection to the research centre since %(when)s.", when=when(last, now, known.zone)
        )
    if known.consent is ConsentState.REVOKED:  # what was measured and not sent never will be
        kept = gettext("Your revocation, and nothing that was measured, is sent once there is one.")
    elif waiting:
        kept = ngettext(
            "Nothing is lost: %(count)s record waits here and is sent once there is a connection.",
            "Nothing is lost: %(count)s records wait here and are sent once there is a connection.",
            waiting,
            count=number(waiting),
        )
    else:
        kept = gettext("Nothing is lost.")
    long = last is None or now - last > _LONG_WITHOUT_CENTRE
    advice = gettext("Please check the internet at home and the cable of the device.") if long else ""
    yield Sentence(" ".join(part for part in (first, kept, advice) if part), "trouble" if long else "note")

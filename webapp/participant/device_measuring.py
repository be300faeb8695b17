"""Whether the meters are read, in plain words. Pure."""

from collections.abc import Iterator, Mapping

from couch.clock import SLOT
from couch.documents import Heartbeat
from webapp.moments import ago
from webapp.participant.device_known import (
    METER,
    SILENT_AFTER,
    Known,
    MeterSeen,
    Sentence,
    parts_in_trouble,
)
from webapp.participant.moment_words import when
from webapp.translation import gettext, marked

_CAUSES: Mapping[str, str] = {
    "meter_silent": marked(
        "It sends nothing. Please check that the reading head sits straight on the meter."
    ),
    "head_unplugged": marked("Its reading head is not connected. Please check the cable to the device."),
    "checksum": marked("What it sends arrives damaged. Please set the reading head straight on the meter."),
    "locked": marked("It tells only its total: it wants its PIN, which the researchers can help you with."),
    "storage": marked("The device could not store what it read."),
}


def measuring(beat: Heartbeat, known: Known) -> Iterator[Sentence]:
    now = known.now
    if "measuring" in parts_in_trouble(beat):
        yield Sentence(
            gettext(
                "The device cannot store measurements right now and tries again. If this stays for an hour, "
                "please unplug it, plug it in again, and tell the researchers if that does not help."
            ),
            "trouble",
        )
    silent = [meter for meter in _silent_meters(beat) if not _read_since(beat, known.meters.get(meter))]
    for meter in silent:
        yield _silence(known.meters.get(meter), parts_in_trouble(beat)[METER + meter], known)
    last = known.last_measured
    if last is None:
        if not silent:
            yield Sentence(
                gettext(
                    "Nothing was measured yet. The first measurement is due at the next quarter of an hour."
                )
            )
    elif now - last > SILENT_AFTER:
        if not silent:
            yield Sentence(
                gettext(
                    "The last measurement is from %(when)s.",
                    when=when(last, now, known.zone),
                ),
                "trouble",
            )
    elif not silent:
        yield Sentence(gettext("The meters were read %(ago)s.", ago=ago(last, now)))


def _silent_meters(beat: Heartbeat) -> list[str]:
    return [part.removeprefix(METER) for part in parts_in_trouble(beat) if part.startswith(METER)]


def _read_since(beat: Heartbeat, meter: MeterSeen | None) -> bool:
    """Whether the meter was read after the heartbeat called it silent, which the next one will say."""
    return meter is not None and meter.newest is not None and meter.newest + SLOT > beat.at


def _silence(meter: MeterSeen | None, cause: str, known: Known) -> Sentence:
    name = meter.name if meter else gettext("A meter")
    if meter is None or meter.newest is None:
        first = gettext("%(meter)s was never read.", meter=name)
    else:
        first = gettext(
            "%(meter)s was last read %(when)s.", meter=name, when=when(meter.newest, known.now, known.zone)
        )
    advice = _CAUSES.get(cause)
    return Sentence(f"{first} {gettext(advice)}" if advice else first, "trouble")

"""The device's state in plain words, for somebody at the kitchen table.

Pure: what is known goes in, sentences come out, in the reader's language.

Sources: the newest heartbeat, which the agent writes after each cycle and after each try to reach the centre,
and the newest slot of each meter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from couch.clock import SLOT
from couch.documents import ConsentState, Heartbeat
from webapp.moments import ago
from webapp.numbers import number
from webapp.participant.moment_words import when
from webapp.translation import gettext, marked, ngettext

Tone = Literal["well", "note", "trouble"]
_TONES: tuple[Tone, ...] = ("well", "note", "trouble")  # each worse than the one before

# The agent speaks each cycle (15 minutes) and after each push, which may take as long again.
_SILENT_AFTER = 3 * SLOT
_LONG_WITHOUT_CENTRE = timedelta(days=1)
_CLOCK_SLACK = timedelta(minutes=2)
_LITTLE_DISK_BYTES = 500_000_000
_HOT_C = 80.0  # a Raspberry Pi slows itself down from here on
_METER = "meter "
# What else the agent reports by these names is said below in words of its own.
_SPOKEN_OF = ("push", "pull", "heartbeat", "measuring")

_CAUSES: Mapping[str, str] = {
    "meter_silent": marked(
        "It sends nothing. Please check that the reading head sits straight on the meter."
    ),
    "head_unplugged": marked("Its reading head is not connected. Please check the cable to the device."),
    "checksum": marked("What it sends arrives damaged. Please set the reading head straight on the meter."),
    "locked": marked("It tells only its total: it wants its PIN, which the researchers can help you with."),
    "storage": marked("The device could not store what it read."),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    tone: Tone = "well"


@dataclass(frozen=True, slots=True)
class DeviceState:
    """`tone`: of the worst sentence; `headline`: what that means, in a few words."""

    headline: str
    tone: Tone
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class MeterSeen:
    """A meter by its name in words; `newest`: its last slot here, None: never."""

    name: str
    newest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`meters`: by their uuid."""

    consent: ConsentState
    heartbeat: Heartbeat | None
    now: datetime
    zone: tzinfo
    meters: Mapping[str, MeterSeen] = field(default_factory=dict)

    @property
    def last_measured(self) -> datetime | None:
        """As the heartbeat says, or as the replica shows where that is newer."""
        told = self.heartbeat.last_measurement if self.heartbeat else None
        stored = (meter.newest for meter in self.meters.values())
        return max((at for at in (told, *stored) if at is not None), default=None)


def device_state(known: Known) -> DeviceState:
    """What to tell, the most important first."""
    said = tuple(_sentences(known))
    tone: Tone = max((one.tone for one in said), key=_TONES.index, default="well")
    ranked = sorted(said, key=lambda one: -_TONES.index(one.tone))  # stable
    return DeviceState(_headline(known.consent, tone), tone, tuple(ranked))


def _headline(consent: ConsentState, tone: Tone) -> str:
    if tone == "trouble":
        return gettext("The device needs a look")
    if consent is ConsentState.NOT_GRANTED:
        return gettext("The device waits for your consent")
    if consent is ConsentState.REVOKED:
        return gettext("The device measures nothing any more")
    return gettext("All is well") if tone == "well" else gettext("The device works")


def _sentences(known: Known) -> Iterator[Sentence]:
    beat, now = known.heartbeat, known.now
    if beat is None:
        yield Sentence(
            gettext("The device has not reported on itself yet. It does so at the next quarter of an hour."),
            "note",
        )
        return
    if beat.clock == "implausible" or now < beat.at - _CLOCK_SLACK:
        yield Sentence(
            gettext(
                "The clock of the device is not set, so it measures nothing: a measurement without its time "
                "is worth nothing. It sets itself as soon as the device reaches the internet."
            ),
            "trouble",
        )
        yield from _connection(beat, known)
        return
    if now - beat.at > _SILENT_AFTER:
        yield Sentence(
            gettext(
                "The measuring program has said nothing since %(when)s. Please unplug the device, plug it in "
                "again after ten seconds, and tell the researchers if this is still here an hour later.",
                when=when(beat.at, now, known.zone),
            ),
            "trouble",
        )
        return
    yield from _connection(beat, known)
    if known.consent is ConsentState.GRANTED:
        yield from _measuring(beat, known)
    if beat.clock == "unsynchronized":
        yield Sentence(
            gettext(
                "The device could not compare its clock with the internet since it started. It goes on "
                "measuring, and notes that with each measurement."
            ),
            "note",
        )
    yield from _health(beat)


def _connection(beat: Heartbeat, known: Known) -> Iterator[Sentence]:
    waiting, now = beat.backlog or 0, known.now
    if "push" not in _parts(beat):
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
    if waiting:
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


def _measuring(beat: Heartbeat, known: Known) -> Iterator[Sentence]:
    now = known.now
    if "measuring" in _parts(beat):
        yield Sentence(
            gettext(
                "The device cannot store measurements right now and tries again. If this stays for an hour, "
                "please unplug it, plug it in again, and tell the researchers if that does not help."
            ),
            "trouble",
        )
    silent = [meter for meter in _silent_meters(beat) if not _read_since(beat, known.meters.get(meter))]
    for meter in silent:
        yield _silence(known.meters.get(meter), _parts(beat)[_METER + meter], known)
    last = known.last_measured
    if last is None:
        if not silent:
            yield Sentence(
                gettext(
                    "Nothing was measured yet. The first measurement is due at the next quarter of an hour."
                )
            )
    elif now - last > _SILENT_AFTER:
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
    return [part.removeprefix(_METER) for part in _parts(beat) if part.startswith(_METER)]


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


def _health(beat: Heartbeat) -> Iterator[Sentence]:
    if beat.refused:
        yield Sentence(
            ngettext(
                "The research centre did not take %(count)s record. It is kept here, and the researchers see "
                "it.",
                "The research centre did not take %(count)s records. They are kept here, and the researchers "
                "see it.",
                beat.refused,
                count=number(beat.refused),
            ),
            "note",
        )
    if beat.disk_free_bytes is not None and beat.disk_free_bytes < _LITTLE_DISK_BYTES:
        yield Sentence(
            gettext("The memory card of the device is almost full. Please tell the researchers."), "trouble"
        )
    if beat.temperature_c is not None and beat.temperature_c >= _HOT_C:
        yield Sentence(
            gettext(
                "The device is hot (%(degrees)s °C). Please give it air and take it out of the sun.",
                degrees=number(beat.temperature_c),
            ),
            "note",
        )
    others = [part for part in _parts(beat) if part not in _SPOKEN_OF and not part.startswith(_METER)]
    if others:
        yield Sentence(
            gettext("A part of the device reports a fault; the details below are for the researchers."),
            "note",
        )


def _parts(beat: Heartbeat) -> dict[str, str]:
    """Which parts of the agent have a trouble, and which (see `edge.heartbeat.Vitals.failed`)."""
    return {part: what.strip() for part, _, what in (error.partition(":") for error in beat.errors)}

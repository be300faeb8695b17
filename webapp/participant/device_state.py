"""The device's state in plain words, for somebody at the kitchen table.

Pure: what is known goes in, sentences come out, in the reader's language.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from couch.documents import ConsentState, Heartbeat
from webapp.numbers import number
from webapp.participant.device_connection import connection
from webapp.participant.device_known import (
    METER,
    SILENT_AFTER,
    TONES,
    Known,
    Sentence,
    Tone,
    parts_in_trouble,
)
from webapp.participant.device_measuring import measuring
from webapp.participant.moment_words import when
from webapp.translation import gettext, ngettext

_CLOCK_SLACK = timedelta(minutes=2)
_LITTLE_DISK_BYTES = 500_000_000
_HOT_C = 80.0  # a Raspberry Pi slows itself down from here on
# What else the agent reports by these names is said in words of its own.
_SPOKEN_OF = ("push", "pull", "heartbeat", "measuring")


@dataclass(frozen=True, slots=True)
class DeviceState:
    """`tone`: of the worst sentence; `headline`: what that means, in a few words."""

    headline: str
    tone: Tone
    sentences: tuple[Sentence, ...]


def device_state(known: Known) -> DeviceState:
    """What to tell, the most important first."""
    said = tuple(_sentences(known))
    tone: Tone = max((one.tone for one in said), key=TONES.index, default="well")
    ranked = sorted(said, key=lambda one: -TONES.index(one.tone))  # stable
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
        yield from connection(beat, known)
        return
    if now - beat.at > SILENT_AFTER:
        yield Sentence(
            gettext(
                "The measuring program has said nothing since %(when)s. Please unplug the device, plug it in "
                "again after ten seconds, and tell the researchers if this is still here an hour later.",
                when=when(beat.at, now, known.zone),
            ),
            "trouble",
        )
        return
    yield from connection(beat, known)
    if known.consent is ConsentState.GRANTED:
        yield from measuring(beat, known)
    if beat.clock == "unsynchronized":
        yield Sentence(
            gettext(
                "The device could not compare its clock with the internet since it started. It goes on "
                "measuring, and notes that with each measurement."
            ),
            "note",
        )
    yield from _health(beat)


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
    others = [
        part for part in parts_in_trouble(beat) if part not in _SPOKEN_OF and not part.startswith(METER)
    ]
    if others:
        yield Sentence(
            gettext("A part of the device reports a fault; the details below are for the researchers."),
            "note",
        )

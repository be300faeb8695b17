"""The device's state in plain words: a table of situations and what is told of each."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from couch.documents import ConsentState, Heartbeat
from webapp.participant.device_known import Known, MeterSeen, Tone
from webapp.participant.device_state import DeviceState, device_state
from webapp.participant.moment_words import when

NOW = datetime(2026, 11, 25, 12, 7, tzinfo=UTC)  # a Wednesday
BERLIN = ZoneInfo("Europe/Berlin")
DEVICE = "5f000000-0000-4000-8000-00000000aaaa"
METER = "5f000000-0000-4000-8000-000000000001"
GRANTED, NOT_GRANTED, REVOKED = ConsentState.GRANTED, ConsentState.NOT_GRANTED, ConsentState.REVOKED


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def told(consent: ConsentState = GRANTED, *, newest: datetime | None = None, **beat: Any) -> DeviceState:
    """What is told of a device that spoke three minutes ago, and measured and sent before; but for `beat`."""
    usual: dict[str, Any] = {
        "at": ago(minutes=3),
        "last_measurement": ago(minutes=6),
        "last_push": ago(minutes=4),
        "last_pull": ago(minutes=7),
        "backlog": 0,
        "disk_free_bytes": 10_000_000_000,
        "temperature_c": 51.0,
    }
    heartbeat = Heartbeat(device=DEVICE, **{**usual, **beat})
    meters = {METER: MeterSeen("Electricity meter MT175", newest)}
    return device_state(Known(consent=consent, heartbeat=heartbeat, now=NOW, zone=BERLIN, meters=meters))


SENT = "The last data reached the research centre 4 minutes ago."
READ = "The meters were read 6 minutes ago."

TABLE: list[tuple[str, DeviceState, Tone, str, list[str]]] = [
    ("all is well", told(), "well", "All is well", [SENT, READ]),
    (
        "no consent yet",
        told(NOT_GRANTED, last_measurement=None),
        "well",
        "The device waits for your consent",
        ["The device last spoke with the research centre 4 minutes ago."],
    ),
    (
        "revoked",
        told(REVOKED, backlog=3),
        "well",
        "The device measures nothing any more",
        ["The device last spoke with the research centre 4 minutes ago."],
    ),
    (
        "granted a moment ago",
        told(last_measurement=None, backlog=1),
        "well",
        "All is well",
        [
            "The device last spoke with the research centre 4 minutes ago.",
            "1 record waits here to be sent.",
            "Nothing was measured yet. The first measurement is due at the next quarter of an hour.",
        ],
    ),
    (
        "fresh from the parcel, never connected",
        told(NOT_GRANTED, last_measurement=None, last_push=None, last_pull=None, errors=("push: no route",)),
        "trouble",
        "The device needs a look",
        [
            "The device has never reached the research centre. Nothing is lost. Please check the internet at "
            "home and the cable of the device."
        ],
    ),
    (
        "never sent, no fault known",
        told(NOT_GRANTED, last_push=None, last_measurement=None),
        "note",
        "The device waits for your consent",
        ["Nothing was sent to the research centre yet."],
    ),
    (
        "the internet is away for an hour",
        told(
            last_push=ago(hours=1), last_pull=ago(hours=1, minutes=2), backlog=4, errors=("push: timed out",)
        ),
        "note",
        "The device works",
        [
            "No connection to the research centre since today, 12:07. Nothing is lost: 4 records wait here "
            "and "
            "are sent once there is a connection.",
            READ,
        ],
    ),
    (
        "the internet is away since Monday",
        told(last_push=ago(days=2), last_pull=None, backlog=1340, errors=("pull: x", "push: x")),
        "trouble",
        "The device needs a look",
        [
            "No connection to the research centre since Monday, 13:07. Nothing is lost: 1,340 records wait "
            "here "
            "and are sent once there is a connection. Please check the internet at home and the cable of the "
            "device.",
            READ,
        ],
    ),
    (
        "revoked without a connection",
        told(REVOKED, last_push=ago(hours=1), last_pull=None, backlog=70, errors=("push: x",)),
        "note",
        "The device measures nothing any more",
        [
            "No connection to the research centre since today, 12:07. Your revocation, and nothing that was "
            "measured, is sent once there is one."
        ],
    ),
    (
        "a meter is silent",
        told(errors=(f"meter {METER}: meter_silent",), newest=ago(hours=20)),
        "trouble",
        "The device needs a look",
        [
            "Electricity meter MT175 was last read yesterday, 17:07. It sends nothing. Please check that the "
            "reading head sits straight on the meter.",
            SENT,
        ],
    ),
    (
        "a head is unplugged that never read anything, and a meter that nobody registered is silent",
        told(errors=("meter 5f: checksum", f"meter {METER}: head_unplugged")),
        "trouble",
        "The device needs a look",
        [
            "A meter was never read. What it sends arrives damaged. Please set the reading head straight "
            "on the "
            "meter.",
            "Electricity meter MT175 was never read. Its reading head is not connected. Please check the "
            "cable "
            "to the device.",
            SENT,
        ],
    ),
    (
        "a silent meter was read again since the device spoke",
        told(errors=(f"meter {METER}: meter_silent",), newest=ago(minutes=7), last_measurement=None),
        "well",
        "All is well",
        [SENT, "The meters were read 7 minutes ago."],
    ),
    (
        "measurements stopped and nobody says why",
        told(last_measurement=ago(hours=3)),
        "trouble",
        "The device needs a look",
        ["The last measurement is from today, 10:07.", SENT],
    ),
    (
        "the database takes nothing",
        told(errors=("measuring: the database cannot be reached",)),
        "trouble",
        "The device needs a look",
        [
            "The device cannot store measurements right now and tries again. If this stays for an hour, "
            "please "
            "unplug it, plug it in again, and tell the researchers if that does not help.",
            SENT,
            READ,
        ],
    ),
    (
        "the clock cannot be right",
        told(clock="implausible"),
        "trouble",
        "The device needs a look",
        [
            "The clock of the device is not set, so it measures nothing: a measurement without its time is "
            "worth nothing. It sets itself as soon as the device reaches the internet.",
            SENT,
        ],
    ),
    (
        "the clock was not compared",
        told(clock="unsynchronized"),
        "note",
        "The device works",
        [
            "The device could not compare its clock with the internet since it started. It goes on "
            "measuring, "
            "and notes that with each measurement.",
            SENT,
            READ,
        ],
    ),
    (
        "the agent is dead",
        told(at=ago(hours=30)),
        "trouble",
        "The device needs a look",
        [
            "The measuring program has said nothing since yesterday, 07:07. Please unplug the device, plug "
            "it "
            "in again after ten seconds, and tell the researchers if this is still here an hour later."
        ],
    ),
    (
        "refused, hot, and another part reports a fault",
        told(refused=2, temperature_c=83.4, errors=("renewal: no answer",)),
        "note",
        "The device works",
        [
            "The research centre did not take 2 records. They are kept here, and the researchers see it.",
            "The device is hot (83 °C). Please give it air and take it out of the sun.",
            "A part of the device reports a fault; the details below are for the researchers.",
            SENT,
            READ,
        ],
    ),
    (
        "the card is full",
        told(disk_free_bytes=100_000_000),
        "trouble",
        "The device needs a look",
        ["The memory card of the device is almost full. Please tell the researchers.", SENT, READ],
    ),
]


@pytest.mark.parametrize(
    ("state", "tone", "headline", "sentences"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_what_is_told_of(state: DeviceState, tone: Tone, headline: str, sentences: list[str]) -> None:
    assert [one.text for one in state.sentences] == sentences
    assert (state.tone, state.headline) == (tone, headline)


def test_before_the_first_cycle_it_says_what_is_to_come() -> None:
    state = device_state(Known(consent=NOT_GRANTED, heartbeat=None, now=NOW, zone=BERLIN))
    assert "has not reported on itself yet" in state.sentences[0].text
    assert state.tone == "note"


def test_a_heartbeat_from_the_future_means_that_the_clock_was_set_back() -> None:
    assert "clock of the device is not set" in told(at=NOW + timedelta(hours=1)).sentences[0].text


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW, "today, 13:07"),
        (ago(hours=14), "yesterday, 23:07"),  # on the clocks of the home, not by 24 hours
        (ago(days=6), "Thursday, 13:07"),
        (ago(days=7), "18 Nov 2026, 13:07"),
        (NOW + timedelta(days=1), "26 Nov 2026, 13:07"),
    ],
)
def test_moments_are_said_as_people_say_them(moment: datetime, words: str) -> None:
    assert when(moment, NOW, BERLIN) == words

"""What is to happen to a hundred households, drawn with a fixed seed, and what has to come of it.

Nothing here asks the programs under test what they did: which slots a device measures, which of them the
centre gets and which it lacks follows from the plan alone.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from couch.clock import SLOT
from couch.documents import (
    Address,
    Contact,
    Device,
    Document,
    Location,
    Measurement,
    Metadata,
    Meter,
    PvSystem,
    Reading,
    Registration,
    TimeProvenance,
)

START = datetime(2025, 6, 30, 22, 0, tzinfo=UTC)  # two hours before a month ends
SLOTS = 20
LAST = SLOTS - 1  # in which every device is back, so that all of them can hear of an erasure
NEVER = SLOTS  # a slot that does not come
# How many households go which way. By letter: a researcher records it at the centre.
WAYS = {
    "never granted": 10,
    "granted": 30,
    "revoked on the page": 25,
    "revoked on the page, offline": 6,
    "revoked by letter": 18,
    "revoked by letter, offline": 6,
    "granted after a letter": 2,
    "granted after a letter, offline": 3,
}
HOUSEHOLDS = sum(WAYS.values())
WEST, SOUTH, REGION_DEG = 8.0, 49.0, 0.5  # squares of the test's own, five by five


def at_slot(number: int) -> datetime:
    return START + number * SLOT


@dataclass(frozen=True)
class Plan:
    """One household. Slots by number; `NEVER`: it does not happen."""

    way: str
    household: str
    device: str
    meters: tuple[str, ...]
    documents: tuple[Document, ...]  # what the centre writes of it
    granted: int
    revoked: int
    by_letter: bool
    transmits: frozenset[int]  # slots in which the device reaches the centre

    @property
    def is_offline(self) -> bool:
        """Whether it is away around its revocation: its device then is a whole one, with a replica."""
        return self.way.endswith("offline")

    @property
    def is_revoked(self) -> bool:
        return self.revoked != NEVER

    @cached_property
    def stops(self) -> int:
        """The first slot in which the device knows the revocation."""
        return self.next_transmission(self.revoked) if self.by_letter else self.revoked

    @cached_property
    def measured(self) -> frozenset[int]:
        """Slots that the device measures; the pull of a slot comes before its measurement."""
        return frozenset(range(self.granted, min(self.stops, SLOTS)))

    @cached_property
    def at_centre(self) -> frozenset[int]:
        """Slots that the centre gets: the grant goes first, and the next transmission takes what there is."""
        first = self.next_transmission(self.granted)
        rounds = [one for one in self.transmits if first < one < min(self.revoked, self.stops)]
        return frozenset(slot for slot in self.measured if rounds and slot <= max(rounds))

    @property
    def in_research(self) -> bool:
        """Whether the centre learns of the grant while it counts."""
        return self.next_transmission(self.granted) < min(self.revoked, self.stops)

    @property
    def unsent(self) -> int:
        """Measurements that only the device ever held."""
        return len(self.meters) * len(self.measured - self.at_centre)

    def next_transmission(self, since: int) -> int:
        return min((one for one in self.transmits if one >= since), default=NEVER)

    def measurement(self, meter: str, slot: int) -> Measurement:
        """As the device has to write it, but for what research does not see."""
        at = at_slot(slot)
        return Measurement(
            meter=meter,
            measured_at=at,
            slot=at,
            device=self.device,
            data=(reading(meter, at),),
            time=TimeProvenance(source="synchronized"),
        )


def reading(meter: str, at: datetime) -> Reading:
    """What a meter shows: another value for each meter and slot."""
    value = int(meter[:6], 16) * 1000 + (at - START) // SLOT
    return Reading(obis="0100010800ff", value=value, scaler=-1, unit="Wh")


def plans(seed: int) -> tuple[Plan, ...]:
    """All households, in an order that mixes the ways."""
    source = random.Random(seed)
    ways = [way for way, count in WAYS.items() for _ in range(count)]
    source.shuffle(ways)
    return tuple(_plan(way, number, source) for number, way in enumerate(ways))


def _plan(way: str, number: int, source: random.Random) -> Plan:
    household, device, *meters = (_uuid(source) for _ in range(source.choice((3, 3, 4))))
    granted, revoked = source.randint(0, 2), source.randint(8, 12)
    offline = range(0)
    if way == "never granted":
        granted = revoked = NEVER
    elif way == "granted":
        revoked = NEVER
    elif way.startswith("granted"):
        granted, revoked = source.randint(8, 14), source.randint(2, 6)
        offline = range(1, LAST - 1) if way.endswith("offline") else offline
    elif way.endswith("offline"):
        offline = range(6, source.randint(13, LAST - 1))
    transmits = {slot for slot in _transmissions(granted, revoked, source) if slot not in offline}
    return Plan(
        way=way,
        household=household,
        device=device,
        meters=tuple(meters),
        documents=tuple(_documents(device, tuple(meters), number, source)),
        granted=granted,
        revoked=revoked,
        by_letter="letter" in way,
        transmits=frozenset(transmits | ({offline.stop} if offline else set())),
    )


def _transmissions(granted: int, revoked: int, source: random.Random) -> Iterator[int]:
    """The slot of each change of consent or the next, the one after a grant, and the last."""
    for change in (granted, revoked):
        if change != NEVER:
            first = change + source.randint(0, 1)
            yield first
            if change == granted:
                yield min(first + source.randint(1, 2), LAST)
    yield LAST


def _documents(
    device: str, meters: tuple[str, ...], number: int, source: random.Random
) -> Iterator[Document]:
    """Values that no other household has, so that a search of the files says whose they are."""
    word = "".join(source.choice("bdfgklmnprstvz") + source.choice("aeiou") for _ in range(5))
    yield Registration(
        contact=Contact(name=f"Jürgen {word.title()}", email=f"{word}.{number}@bücher.example"),
        address=Address(
            street=f"Große {word.title()}straße",
            house_number=str(number),
            postal_code=f"{10_000 + number}",
            city="Ulm",
        ),
        metadata=Metadata(
            children=number % 4, adults=2, adults_with_job=1, ev_charger=True, heat_pump=False,
            home_battery=number % 2 == 0,
        ),
    )  # fmt: skip
    yield Location(
        latitude=round(source.uniform(SOUTH + 0.2, SOUTH + 2.3), 6) + 1e-6,
        longitude=round(source.uniform(WEST + 0.2, WEST + 2.3), 6) + 1e-6,
        source="geocoded",
    )
    for meter in meters:
        kind = "ELECTRICITY" if meter == meters[0] else "PV_GENERATION"
        yield Meter(meter=meter, meter_type=kind, model="MT175", device=device)
    yield PvSystem(
        pv_system=_uuid(source),
        nominal_power_kw=round(source.uniform(3, 30), 5) + 1e-5,
        azimuth_deg=180,
        tilt_deg=35,
        installed_on=date(2015, 1, 2) + timedelta(days=source.randint(0, 3000)),
        meters=meters[1:],
    )
    yield Device(device=device, name=f"Keller von {word}", meters=meters)


def _uuid(source: random.Random) -> str:
    return str(uuid.UUID(int=source.getrandbits(128), version=4))

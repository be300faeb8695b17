"""A device and its household's database on one server, as design section 5 allows, with real accounts."""

import dataclasses
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import msgspec
import pytest

from couch.bootstrap import ensure_database, household_security, raise_consent, replica_security
from couch.client import Database, Server
from couch.clock import SLOT, Clock, from_rfc3339
from couch.documents import Author, Consent, ConsentState, Gap, Reading, utc
from couch.names import DEVICE_ACCOUNTS, RESEARCHER, device_roles, household_database, replica_database
from couch.settings import Account, Endpoint, Secret
from edge import replica
from edge.clock_state import ClockState
from edge.consent_gate import ConsentGate
from edge.data_aggregator import DataAggregator, SlotResult
from edge.data_transmitter import DataTransmitter
from edge.head_thread import HeadThread
from edge.links import Links
from edge.meter import MeterAnswer
from edge.settings import CentreSettings, DeviceSettings, LocalSettings, MeterSettings, TransmissionSettings

START = datetime(2026, 3, 1, tzinfo=UTC)


class SteppedClock(Clock):
    """Real time, but for what it says that now is."""

    at = START

    def now(self) -> datetime:
        return type(self).at

    def real_seconds_until(self, moment: datetime) -> float:
        return 10.0 if moment > type(self).at else 0.0


class CountingMeter:
    """A meter whose counter is the number of the slot."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self, timeout_s: float) -> MeterAnswer:
        number = (self._clock.now() - START) // SLOT
        return MeterAnswer(
            (Reading(obis="0100010800ff", value=number, scaler=0, unit="Wh"),), None, (), False
        )

    def close(self) -> None:
        return


@dataclass
class Site:
    """One device in one household. Databases as administrator, but for `agent`, `page` and `device`."""

    settings: DeviceSettings
    researcher_account: Account
    server: Server
    clock: Clock = field(default_factory=SteppedClock)
    heads: list[HeadThread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.links = Links(self.settings)
        name = replica_database(self.settings.device)
        self.replica = ensure_database(self.server, name, "replica", replica_security())
        self.agent = self.links.replica(self.settings.local.agent)
        self.page = self.links.replica(self.settings.local.page)
        name = household_database(self.settings.household)
        self.centre = ensure_database(
            self.server, name, "household", household_security(self.settings.household)
        )
        self.device = self.links.centre()

    def consent(self, state: str, database: Database | None = None, at: datetime | None = None) -> None:
        """Recorded on the device's page, or directly in `database` by a researcher."""
        role = "participant" if database is None else "researcher"
        by = Author(role=role, device=self.settings.device if database is None else None)
        (database or self.page).put(Consent(state=state, at=utc(at or self.clock.now()), by=by).to_json())

    def researcher(self) -> Database:
        """The household's database as a researcher."""
        account = self.researcher_account
        server = Endpoint(self.settings.centre.url, account.user, account.password).server()
        return server.database(household_database(self.settings.household))

    def worker_raises(self, state: ConsentState) -> None:
        """What the worker does at the centre once the consent document is there."""
        raise_consent(self.centre, state)

    def gate(self) -> ConsentGate:
        return self.links.gate()

    def transmitter(self) -> DataTransmitter:
        return DataTransmitter(self.links)

    def aggregator(self) -> DataAggregator:
        heads = [
            HeadThread(entry.meter, partial(CountingMeter, self.clock), self.clock)
            for entry in self.settings.meters
        ]
        self.heads += heads
        return DataAggregator(
            device=self.settings.device,
            replica=self.links.replica(self.settings.local.agent),
            gate=self.gate(),
            heads=heads,
            clock=self.clock,
            head_timeout_s=5.0,
        )

    def measure(self, aggregator: DataAggregator, number: int) -> SlotResult:
        SteppedClock.at = START + number * SLOT
        return aggregator.measure(SteppedClock.at, ClockState.SYNCHRONIZED)

    def slots(self, database: Database) -> list[int]:
        """Numbers of the first meter's slots in `database`, in order of their ids."""
        prefix = f"measurement:{self.settings.meters[0].meter}:"
        ids = [doc_id for doc_id, _ in database.rows(start=prefix, end=f"{prefix}~")]
        return [(from_rfc3339(doc_id.removeprefix(prefix)) - START) // SLOT for doc_id in ids]

    def slots_in_gaps(self) -> list[int]:
        """Numbers of the slots that gap documents of the replica cover."""
        gaps = [Gap.from_json(doc) for doc in self.replica.documents(start="gap:", end="gap:~")]
        ends = [((gap.from_slot - START) // SLOT, (gap.to_slot - START) // SLOT) for gap in gaps]
        return [number for first, last in ends for number in range(first, last + 1)]

    def with_centre(self, url: str) -> "Site":
        """The same device with another address of the centre."""
        centre = msgspec.structs.replace(self.settings.centre, url=url)
        return self.with_settings(msgspec.structs.replace(self.settings, centre=centre))

    def with_settings(self, settings: DeviceSettings) -> "Site":
        """The same device with other settings."""
        return dataclasses.replace(self, settings=settings)

    def close(self) -> None:
        for head in self.heads:
            head.close()


@dataclass(frozen=True)
class Identity:
    settings: DeviceSettings
    researcher: Account


@pytest.fixture(scope="session")
def identity(couch_admin: Endpoint, couch_server: Server) -> Iterator[Identity]:
    """One device and its accounts for all tests: hashing passwords takes longer than anything else here."""
    device, household, mark = str(uuid.uuid4()), str(uuid.uuid4()), uuid.uuid4().hex[:12]
    accounts = {name: Account(f"{name}-{mark}", Secret(uuid.uuid4().hex)) for name in DEVICE_ACCOUNTS}
    centre = CentreSettings(url=couch_admin.url, user=f"device-{device}", password=Secret(uuid.uuid4().hex))
    couch_server.put_user(str(centre.user), centre.password.reveal(), device_roles(household, device))
    researcher = Account(f"researcher-{mark}", Secret(uuid.uuid4().hex))
    couch_server.put_user(researcher.user, researcher.password.reveal(), [RESEARCHER])
    settings = DeviceSettings(
        device=device,
        household=household,
        local=LocalSettings(
            url=couch_admin.url, admin=Account(couch_admin.user, couch_admin.password), **accounts
        ),
        centre=centre,
        transmission=TransmissionSettings(push_jitter_s=0.0, reconnect_max_s=1.0),
    )
    replica.init(Links(settings))
    yield Identity(settings, researcher)
    users = couch_server.database("_users")
    for name in (*(account.user for account in accounts.values()), centre.user, researcher.user):
        stored = users.get(f"org.couchdb.user:{name}")
        users.delete(stored["_id"], stored["_rev"])


@pytest.fixture
def make_site(identity: Identity, couch_server: Server) -> Iterator[Callable[..., Site]]:
    """The device with new, empty databases and one meter, or `meters`."""
    made: list[Site] = []
    SteppedClock.at = START + SLOT  # the consent of most tests is given at the beginning of slot 1
    device = identity.settings
    names = (replica_database(device.device), household_database(device.household))

    def make(meters: int = 1) -> Site:
        for name in names:
            couch_server.delete_database(name)
        heads = tuple(MeterSettings(meter=str(uuid.uuid4()), head="sim://grid?seed=1") for _ in range(meters))
        made.append(Site(msgspec.structs.replace(device, meters=heads), identity.researcher, couch_server))
        return made[-1]

    yield make
    for site in made:
        site.close()
    for name in names:
        couch_server.delete_database(name)


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


@pytest.fixture
def clock() -> type[SteppedClock]:
    return SteppedClock

"""The API before a real database, spoken to with the tokens of devices."""

import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from couch.bootstrap import ensure_database, household_security, raise_consent
from couch.client import Database, Server
from couch.clock import Clock
from couch.documents import ConsentState, Device, Meter, PvSystem
from couch.documents.household import Address, Contact, Metadata, Registration
from couch.names import SCOPES, WORKER, household_database
from couch.settings import Account, Endpoint
from webapp.api.blueprint import api_blueprint
from webapp.api.device_connections import DeviceConnections
from webapp.api.services import ApiServices
from webapp.factory import create_app
from webapp.gateway.tokens import Mint
from webapp.site import Site

sys.path.insert(0, str(Path(__file__).parents[2] / "webapp" / "api"))
sys.path.insert(0, str(Path(__file__).parents[2] / "webapp"))
from api_fakes import SECRET, Door, Sessions, certificate, session_of, shown


@dataclass
class Household:
    """A household with one device and one meter, and requests of that device."""

    uuid: str
    device: str
    meter: str
    database: Database  # as the administrator
    app: Flask

    def ask(self, method: str, path: str, *scopes: str, **more: Any) -> TestResponse:
        pem = certificate(more.pop("device", self.device), self.uuid, scopes or SCOPES)
        return self.app.test_client().open(path, method=method, headers=shown(pem), **more)

    def get(self, path: str) -> TestResponse:
        return self.ask("GET", path)

    def take_effect(self, state: ConsentState) -> None:
        """What the worker does once it has seen a consent document."""
        raise_consent(self.database, state)

    def measurement(self, slot: str = "2026-06-30T12:00:00Z", value: int = 5) -> dict[str, Any]:
        return {
            "meter": self.meter,
            "measured_at": slot,
            "slot": slot,
            "data": [{"obis": "0100010800ff", "value": value, "scaler": -1, "unit": "Wh"}],
        }


@pytest.fixture(scope="session")
def app(couch_admin: Endpoint, couch_token_key: bytes, couch_server: Server) -> Flask:
    services = ApiServices(
        household=DeviceConnections(couch_admin.url, Mint(couch_token_key), timeout_s=30),
        registry=lambda: couch_server.database("registry"),
        proxy_secret=SECRET,
        clock=Clock(),
    )
    site = Site(
        title="Centre",
        unreachable_template="error.html",
        door=Door(),
        sessions=Sessions(),
        blueprints=(api_blueprint(services),),
        sections=(),
        services=None,
        clock=Clock(),
        timezone=None,
    )
    return create_app(site, secret=b"k" * 32, cookie="centre")


@pytest.fixture
def make_household(
    app: Flask,
    couch_admin: Endpoint,
    couch_server: Server,
    role_account: Callable[..., Account],
) -> Iterator[Callable[[], Household]]:
    """`make_household()`: registered, nothing granted."""
    made: list[str] = []
    worker = role_account(WORKER)

    def make() -> Household:
        household, device, meter = (str(uuid.uuid4()) for _ in range(3))
        name = household_database(household)
        made.append(name)
        database = ensure_database(couch_server, name, "household", household_security(household))
        with Server(couch_admin.url, user=worker.user, password=worker.password.reveal()) as server:
            for document in (
                Registration(
                    contact=Contact(name="Ada Lovelace", email="ada@example.org"),
                    address=Address(street="Musterweg", postal_code="24103", city="Kiel"),
                    metadata=Metadata(
                        children=1,
                        adults=2,
                        adults_with_job=2,
                        ev_charger=True,
                        heat_pump=False,
                        home_battery=True,
                    ),
                ),
                Device(device=device, name="cellar", meters=(meter,)),
                Meter(meter=meter, meter_type="PV_GENERATION", model="MT175", device=device),
                PvSystem(
                    pv_system=str(uuid.uuid4()),
                    nominal_power_kw=8.4,
                    azimuth_deg=180,
                    tilt_deg=35,
                    installed_on=date(2021, 5, 1),
                    meters=(meter,),
                ),
            ):
                server.database(name).put(document.to_json())
        return Household(household, device, meter, database, app)

    yield make
    for name in made:
        couch_server.delete_database(name)


@pytest.fixture
def household(make_household: Callable[[], Household]) -> Household:
    return make_household()


@pytest.fixture
def researcher() -> str:
    """The session id of a researcher."""
    return session_of("researcher")

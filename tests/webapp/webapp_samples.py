"""A household that tests speak of, and builders of its documents."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from couch.clock import from_rfc3339
from couch.documents import (
    Author,
    Consent,
    Device,
    Heartbeat,
    HouseholdSummary,
    Json,
    Measurement,
    Meter,
    PvSystem,
    Reading,
    Registration,
    ResearchMeasurement,
    TimeProvenance,
)

NOW = from_rfc3339("2026-06-30T12:07:00Z")


@dataclass
class Sample:
    """A household with one meter; builders of its documents."""

    household: str = "5f000000-0000-4000-8000-00000000bbbb"
    device: str = "5f000000-0000-4000-8000-00000000aaaa"
    meter: str = "5f000000-0000-4000-8000-000000000001"
    generation_meter: str = "5f000000-0000-4000-8000-000000000002"

    def registration(self) -> Json:
        return Registration.from_json(
            {
                "_id": "registration",
                "type": "registration",
                "contact": {"name": "Erika <Mustermann>", "email": "erika@example.org"},
                "address": {
                    "street": "Heidestraße",
                    "house_number": "17",
                    "postal_code": "51147",
                    "city": "Köln",
                },
                "metadata": {
                    "children": 1,
                    "adults": 2,
                    "adults_with_job": 2,
                    "ev_charger": True,
                    "heat_pump": False,
                    "home_battery": True,
                },
            }
        ).to_json()

    def meters(self) -> list[Json]:
        return [
            Device(device=self.device, name="Cellar", meters=(self.meter,)).to_json(),
            Meter(meter=self.meter, meter_type="ELECTRICITY", model="MT175", device=self.device).to_json(),
            Meter(meter=self.generation_meter, meter_type="PV_GENERATION", model="DD3").to_json(),
        ]

    def pv_system(self, *meters: str) -> Json:
        return PvSystem(
            pv_system="5f000000-0000-4000-8000-0000000000cc",
            nominal_power_kw=9.8,
            azimuth_deg=180,
            tilt_deg=35,
            installed_on=date(2021, 5, 4),
            meters=meters,
        ).to_json()

    def consent(self, state: Any, at: datetime = NOW - timedelta(days=1)) -> Json:
        return Consent(state=state, at=at, by=Author(role="participant", device=self.device)).to_json()

    def measurement(
        self, slot: datetime, *readings: Reading, meter: str = "", marks: tuple[str, ...] = ()
    ) -> Json:
        return Measurement(
            meter=meter or self.meter,
            measured_at=slot + timedelta(seconds=3),
            slot=slot,
            device=self.device,
            data=readings or (self.energy(1_234_567),),
            time=TimeProvenance(source="synchronized"),
            marks=marks,
        ).to_json()

    def energy(self, watthours: int, obis: str = "0100010800ff") -> Reading:
        return Reading(obis=obis, value=watthours, scaler=0, unit="Wh")

    def power(self, watts: int) -> Reading:
        return Reading(obis="0100100700ff", value=watts, scaler=0, unit="W")

    def heartbeat(self, **more: Any) -> Json:
        beat = Heartbeat(device=self.device, at=NOW - timedelta(minutes=3), **more).to_json()
        return {key: value for key, value in beat.items() if not key.startswith("_")}

    def research(self, household: str, slot: datetime, *readings: Reading, meter: str = "e" * 32) -> Json:
        return ResearchMeasurement(
            household=household,
            meter=meter,
            slot=slot,
            measured_at=slot,
            time_source="synchronized",
            data=readings or (self.energy(1_234_567),),
        ).to_json()

    def summary(self, number: int, **more: Any) -> HouseholdSummary:
        known = {"name": f"Household {number:03}", "city": "Karlsruhe", **more}
        return HouseholdSummary(
            household=f"5f000000-0000-4000-8000-{number:012x}", pseudonym=f"{number:032x}", **known
        )

"""From what was typed to typed entries, or every fault at once. Pure.

The limits are those of the documents (couch.documents.household) and, for names, of provisioning's files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from couch.documents import Address, Contact, Metadata
from couch.documents.household import MeterModel, MeterType
from webapp.registration.questions import FACTS, ROW_QUESTIONS, Question
from webapp.registration.trouble import Trouble, Unreadable
from webapp.registration.typed import KINDS, Row, Typed, name_of
from webapp.translation import marked

Faults = dict[str, Trouble]
EmailFault = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees, WGS 84."""

    latitude: float
    longitude: float
    source: Literal["geocoded", "manual"] = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEntry:
    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterEntry:
    """`device`: key of the device that reads it. `protocol` None: what its model usually speaks."""

    key: str
    meter_type: MeterType
    model: MeterModel
    protocol: Literal["sml", "text_d"] | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemEntry:
    """A photovoltaic system; `meters`: keys of the generation meters that count it."""

    key: str
    nominal_power_kw: float
    azimuth_deg: float
    tilt_deg: float
    installed_on: date
    meters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """A registration that can be stored. `position` None: none was typed."""

    contact: Contact
    address: Address
    metadata: Metadata
    position: Position | None
    devices: tuple[DeviceEntry, ...] = ()
    meters: tuple[MeterEntry, ...] = ()
    systems: tuple[SystemEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """Either `entries`, or `faults` by the name of the field."""

    entries: Entries | None
    faults: Mapping[str, Trouble] = field(default_factory=dict)


def parse(typed: Typed, email_fault: EmailFault = lambda _email: None) -> Parsed:
    """Read the whole form. `email_fault`: why an email cannot stand in a certificate (None: it can)."""
    faults: Faults = {}
    facts = {
        question.name: _answer(question, question.name, typed[question.name], faults) for question in FACTS
    }
    if "email" not in faults and email_fault(facts["email"]) is not None:
        faults["email"] = Trouble(
            marked(
                "This address cannot stand in a certificate: before the @ it takes up to 64 letters without "
                "accents, digits and punctuation, after it a domain such as example.org."
            )
        )
    _judge_position(facts, faults)
    _judge_people(facts, faults)
    answers = {kind: [_row(kind, row, faults) for row in typed.rows(kind)] for kind in KINDS}
    _judge_names(typed.devices, answers["devices"], faults)
    _judge_relations(typed, answers["meters"], faults)
    if faults:
        return Parsed(None, faults)
    return Parsed(_entries(typed, facts, answers))


def _answer(question: Question, name: str, text: str, faults: Faults) -> Any:
    try:
        return question.answer(text)
    except Unreadable as err:
        faults[name] = err.trouble
        return None


def _row(kind: str, row: Row, faults: Faults) -> dict[str, Any]:
    return {
        question.name: _answer(question, name_of(kind, row.key, question.name), row[question.name], faults)
        for question in ROW_QUESTIONS[kind]
    }


def _judge_position(facts: Mapping[str, Any], faults: Faults) -> None:
    for name, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if name not in faults and other not in faults and facts[name] is None and facts[other] is not None:
            faults[name] = Trouble(marked("A position needs both latitude and longitude, or neither."))


def _judge_people(facts: Mapping[str, Any], faults: Faults) -> None:
    if {"adults", "adults_with_job"} & faults.keys():
        return
    if facts["adults_with_job"] > facts["adults"]:
        faults["adults_with_job"] = Trouble(marked("More adults have a job than live in the household."))


def _judge_names(rows: Sequence[Row], answers: Sequence[Mapping[str, Any]], faults: Faults) -> None:
    seen: set[str] = set()
    for row, answer in zip(rows, answers, strict=True):
        name = answer["name"]
        if name is not None and name in seen:
            faults[name_of("devices", row.key, "name")] = Trouble(
                marked("Another device of this household has the same name.")
            )
        seen.add(name)


def _judge_relations(typed: Typed, meters: Sequence[Mapping[str, Any]], faults: Faults) -> None:
    devices = {row.key for row in typed.devices}
    for row in typed.meters:
        if row["device"] and row["device"] not in devices:
            faults[name_of("meters", row.key, "device")] = Trouble(
                marked("This device is not in the form any more. Choose another.")
            )
    types = {row.key: answer["type"] for row, answer in zip(typed.meters, meters, strict=True)}
    for row in typed.systems:
        if any(types.get(key) == "ELECTRICITY" or key not in types for key in row.meters):
            faults[name_of("systems", row.key, "meters")] = Trouble(
                marked("Only a generation meter of this household counts a system.")
            )


def _entries(typed: Typed, facts: Mapping[str, Any], answers: Mapping[str, list[dict[str, Any]]]) -> Entries:
    latitude, longitude = facts["latitude"], facts["longitude"]
    return Entries(
        contact=Contact(name=facts["name"], email=facts["email"]),
        address=Address(
            street=facts["street"],
            house_number=facts["house_number"] or "",
            postal_code=facts["postal_code"],
            city=facts["city"],
        ),
        metadata=Metadata(
            children=facts["children"],
            adults=facts["adults"],
            adults_with_job=facts["adults_with_job"],
            ev_charger=bool(facts["ev_charger"]),
            heat_pump=bool(facts["heat_pump"]),
            home_battery=bool(facts["home_battery"]),
        ),
        position=None if latitude is None or longitude is None else Position(latitude, longitude),
        devices=tuple(
            DeviceEntry(key=row.key, name=answer["name"])
            for row, answer in zip(typed.devices, answers["devices"], strict=True)
        ),
        meters=tuple(
            MeterEntry(
                key=row.key,
                meter_type=answer["type"],
                model=answer["model"],
                protocol=answer["protocol"],
                device=row["device"] or None,
            )
            for row, answer in zip(typed.meters, answers["meters"], strict=True)
        ),
        systems=tuple(
            SystemEntry(
                key=row.key,
                nominal_power_kw=answer["power"],
                azimuth_deg=answer["azimuth"],
                tilt_deg=answer["tilt"],
                installed_on=answer["installed"],
                meters=row.meters,
            )
            for row, answer in zip(typed.systems, answers["systems"], strict=True)
        ),
    )

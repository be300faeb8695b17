"""The questions of the registration (thesis 3.1.2): each with its words, and how its answer is read.

What an answer may be is said by the documents' own models (couch.documents); here stand the words for people.
A name is that of the form's field; questions about a device, a meter or a system are asked once for each.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, get_args

import msgspec

from couch.documents import Address, Contact, Location, Metadata, PvSystem
from couch.documents.household import NAME_PATTERN, MeterModel, MeterType
from webapp.registration.trouble import Trouble, Unreadable
from webapp.translation import marked

Read = Callable[[str], Any]
_YES = frozenset({"yes", "y", "ja", "j", "true", "wahr", "1", "x"})
_NO = frozenset({"no", "n", "nein", "false", "falsch", "0", ""})
_METER_TYPES: Mapping[str, MeterType] = {
    "electricity": "ELECTRICITY",
    "strom": "ELECTRICITY",
    "stromzähler": "ELECTRICITY",
    "pv_generation": "PV_GENERATION",
    "generation": "PV_GENERATION",
    "erzeugung": "PV_GENERATION",
    "erzeugungszähler": "PV_GENERATION",
}
_DATE_FORMS = ("%Y-%m-%d", "%d.%m.%Y")
_LONGEST_NUMBER = 40  # characters; no honest number is longer
MODELS: tuple[str, ...] = get_args(MeterModel)
PROTOCOLS = ("sml", "text_d")
DECIMALS = frozenset({"latitude", "longitude", "power", "azimuth", "tilt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`wrong`: what the answer takes, where it is not taken; `missing`: what to do where there is none."""

    name: str
    label: str
    read: Read
    wrong: str
    missing: str | None = None  # None: it may stay empty
    hint: str | None = None

    def answer(self, text: str) -> Any:
        """The value; None where the text is empty and may be. Raises Unreadable."""
        given = tidy(text)
        if not given:
            if self.missing is not None:
                raise Unreadable(Trouble(self.missing))
            return None
        try:
            return self.read(given)
        except (ValueError, msgspec.ValidationError) as err:
            raise Unreadable(Trouble(self.wrong)) from err


def tidy(text: str) -> str:
    """In one Unicode form, without blanks at its ends and double ones inside."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _as(model: type[msgspec.Struct], field: str, read: Read = str) -> Read:
    """Read, then judge by the document's own model."""
    kind = next(each.type for each in msgspec.structs.fields(model) if each.name == field)

    def answer(text: str) -> Any:
        return msgspec.convert(read(_printable(text)), kind)

    return answer


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("control characters")
    return text


def whole_number(text: str) -> int:
    """Raises ValueError."""
    if len(text) > _LONGEST_NUMBER or not text.isascii():
        raise ValueError("no number")
    return int(text)


def decimal(text: str) -> float:
    """With a point or a comma, as German writes it. Raises ValueError."""
    if len(text) > _LONGEST_NUMBER or not set(text) <= set("0123456789.,+-"):
        raise ValueError("no number")
    return float(text.replace(",", "."))


def day(text: str) -> date:
    """2021-05-01 or 01.05.2021. Raises ValueError."""
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a date alone
        except ValueError:
            continue
    raise ValueError("no date")


def yes_or_no(text: str) -> bool:
    """Raises ValueError."""
    word = text.lower()
    if word not in _YES | _NO:
        raise ValueError("neither yes nor no")
    return word in _YES


def meter_type(text: str) -> MeterType:
    """Raises ValueError."""
    try:
        return _METER_TYPES[text.lower()]
    except KeyError as err:
        raise ValueError("no type of meter") from err


def _one_of(choices: tuple[str, ...]) -> Read:
    known = {choice.lower(): choice for choice in choices}

    def read(text: str) -> str:
        try:
            return known[text.lower()]
        except KeyError as err:
            raise ValueError("none of the choices") from err

    return read


def _name(text: str) -> str:
    name: str = msgspec.convert(_printable(text), Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)])
    return name


_PEOPLE = marked("Give a whole number from 0 to 99.")

CONTACT = (
    Question(
        name="name",
        label=marked("Name"),
        read=_as(Contact, "name"),
        wrong=marked("A name takes up to 200 characters."),
        missing=marked("Enter the name of the person who takes part."),
    ),
    Question(
        name="email",
        label=marked("Email address"),
        read=_as(Contact, "email"),
        wrong=marked("This is no email address. One looks like ada@example.org."),
        missing=marked("Enter the email address of the same person."),
        hint=marked("It stands in the certificates of the household's devices."),
    ),
)
ADDRESS = (
    Question(
        name="street",
        label=marked("Street"),
        read=_as(Address, "street"),
        wrong=marked("A street takes up to 200 characters."),
        missing=marked("Enter the street."),
    ),
    Question(
        name="house_number",
        label=marked("House number"),
        read=_as(Address, "house_number"),
        wrong=marked("A house number takes up to 20 characters."),
    ),
    Question(
        name="postal_code",
        label=marked("Postal code"),
        read=_as(Address, "postal_code"),
        wrong=marked("A postal code has five digits, such as 24103."),
        missing=marked("Enter the postal code."),
    ),
    Question(
        name="city",
        label=marked("City"),
        read=_as(Address, "city"),
        wrong=marked("A city takes up to 200 characters."),
        missing=marked("Enter the city."),
    ),
)
POSITION = (
    Question(
        name="latitude",
        label=marked("Latitude (degrees north)"),
        read=_as(Location, "latitude", decimal),
        wrong=marked("Latitude takes degrees from -90 to 90, such as 54.3233."),
    ),
    Question(
        name="longitude",
        label=marked("Longitude (degrees east)"),
        read=_as(Location, "longitude", decimal),
        wrong=marked("Longitude takes degrees from -180 to 180, such as 10.1228."),
    ),
)
PEOPLE = (
    Question(
        name="children",
        label=marked("Children in the household"),
        read=_as(Metadata, "children", whole_number),
        wrong=_PEOPLE,
        missing=marked("Enter how many children live there; 0 if none."),
    ),
    Question(
        name="adults",
        label=marked("Adults in the household"),
        read=_as(Metadata, "adults", whole_number),
        wrong=_PEOPLE,
        missing=marked("Enter how many adults live there."),
    ),
    Question(
        name="adults_with_job",
        label=marked("Adults with a job"),
        read=_as(Metadata, "adults_with_job", whole_number),
        wrong=_PEOPLE,
        missing=marked("Enter how many of the adults have a job; 0 if none."),
    ),
)
EQUIPMENT = tuple(
    Question(name=name, label=label, read=yes_or_no, wrong=marked("Answer yes or no."))
    for name, label in (
        ("ev_charger", marked("Charger for an electric car")),
        ("heat_pump", marked("Heat pump")),
        ("home_battery", marked("Home battery")),
    )
)
DEVICE = (
    Question(
        name="name",
        label=marked("Name of the device"),
        read=_name,
        wrong=marked("A device's name takes up to 60 letters, digits, blanks and _ . - only."),
        missing=marked("Give the device a name that tells where it stands, such as cellar."),
        hint=marked("Where it stands, such as cellar."),
    ),
)
METER = (
    Question(
        name="type",
        label=marked("Type of meter"),
        read=meter_type,
        wrong=marked("A meter is an electricity meter or a generation meter."),
        missing=marked("Choose the type of the meter."),
    ),
    Question(
        name="model",
        label=marked("Model of the meter"),
        read=_one_of(MODELS),
        wrong=marked("The survey knows the models MT681, MT175, EHZ, DD3 and EASY."),
        missing=marked("Choose the model of the meter."),
    ),
    Question(
        name="protocol",
        label=marked("What it speaks"),
        read=_one_of(PROTOCOLS),
        wrong=marked("A meter speaks sml or text_d."),
    ),
)
SYSTEM = (
    Question(
        name="power",
        label=marked("Nominal power (kW)"),
        read=_as(PvSystem, "nominal_power_kw", decimal),
        wrong=marked("Nominal power takes kilowatts above 0 and up to 10,000, such as 8.4."),
        missing=marked("Enter the nominal power."),
    ),
    Question(
        name="azimuth",
        label=marked("Azimuth (degrees)"),
        read=_as(PvSystem, "azimuth_deg", decimal),
        wrong=marked("Azimuth takes degrees from 0 to 360."),
        missing=marked("Enter the azimuth: 180 faces south."),
        hint=marked("Where it faces: 0 north, 90 east, 180 south, 270 west."),
    ),
    Question(
        name="tilt",
        label=marked("Tilt (degrees)"),
        read=_as(PvSystem, "tilt_deg", decimal),
        wrong=marked("Tilt takes degrees from 0 to 90."),
        missing=marked("Enter the tilt: 0 lies flat."),
        hint=marked("0 lies flat, 90 stands upright."),
    ),
    Question(
        name="installed",
        label=marked("Installed on"),
        read=day,
        wrong=marked("Give the date as 2021-05-01."),
        missing=marked("Enter the day of the installation."),
    ),
)
FACTS = (*CONTACT, *ADDRESS, *POSITION, *PEOPLE, *EQUIPMENT)
ROW_QUESTIONS: Mapping[str, tuple[Question, ...]] = {"devices": DEVICE, "meters": METER, "systems": SYSTEM}
QUESTIONS: Mapping[str, Question] = {question.name: question for question in FACTS}

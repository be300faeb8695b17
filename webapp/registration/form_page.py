"""The form as a page: what its buttons do besides saving, and what stands beside its fields."""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from flask import render_template, request

from couch.documents import HouseholdSummary
from couch.documents.fields import UUID_PATTERN
from webapp.centre_services import services
from webapp.registration.blueprint import here
from webapp.registration.checking import Checking, middle_of
from webapp.registration.questions import (
    ADDRESS,
    CONTACT,
    DECIMALS,
    EQUIPMENT,
    MODELS,
    PEOPLE,
    POSITION,
    QUESTIONS,
    ROW_QUESTIONS,
    Question,
)
from webapp.registration.stored import plain
from webapp.registration.trouble import Trouble
from webapp.registration.typed import KINDS, MOST_ROWS, Row, Typed
from webapp.translation import gettext, language, marked

_WHOLE = ("children", "adults", "adults_with_job", "postal_code")
METER_TYPES = (("electricity", marked("Electricity meter")), ("pv_generation", marked("Generation meter")))
GROUPS = {
    "contact": CONTACT,
    "address": ADDRESS,
    "position": POSITION,
    "people": PEOPLE,
    "equipment": EQUIPMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """All that the template shows.

    `draft`: the uuid from which uuids of new parts follow; `household` None: a new one; `notice`: what
    happened, in the reader's language; `theirs`: what somebody else changed meanwhile; `measured`: meters
    that have measurements.
    """

    typed: Typed
    draft: str
    household: str | None = None
    faults: Mapping[str, Trouble] = field(default_factory=dict)
    doubts: Mapping[str, Trouble] = field(default_factory=dict)
    mark: str = ""
    opened: str = ""
    notice: str = ""
    theirs: Mapping[str, str] = field(default_factory=dict)
    measured: frozenset[str] = frozenset()

    def render(self) -> str:
        """The page."""
        beside = {name: each.in_words() for name, each in {**self.doubts, **self.faults}.items()}
        return render_template(
            "registration/form.html",
            page=self,
            typed=self.typed,
            beside=beside,
            groups=GROUPS,
            rows_of=ROW_QUESTIONS,
            questions=QUESTIONS,
            models=MODELS,
            meter_types=[(value, gettext(words)) for value, words in METER_TYPES],
            most=MOST_ROWS,
            attributes_of=attributes_of,
            chosen=lambda words: [(word, word) for word in words],
            device_choices=device_choices,
            meter_words=meter_words,
            changed=[(label_of(name), value) for name, value in sorted(self.theirs.items())],
            table_known=here().places.known(),
            map_known=here().regions.outlines() is not None,
        )


def acted(typed: Typed) -> Typed | None:
    """The form after one of its buttons that do not save; None: it is to be saved."""
    act, _, rest = request.form.get("act", "save").partition(":")
    kind, _, key = rest.partition(":")
    if act == "add" and kind in KINDS:
        return typed.added(kind)
    if act == "remove" and kind in KINDS:
        return typed.removed(kind, key)
    if act == "place":
        return _placed(typed)
    return None


def _placed(typed: Typed) -> Typed:
    """With the middle of the postal code's area as the position."""
    middle = middle_of(here().places.places(typed["postal_code"].strip()), typed["city"])
    if middle is None:
        return typed
    found = {"latitude": plain(middle.latitude), "longitude": plain(middle.longitude)}
    return localized(replace(typed, facts={**typed.facts, **found}))


def draft_of_request() -> str:
    """The uuid of the form that was sent; a new one where none or a strange one was."""
    given = request.form.get("draft", "")
    return given if re.fullmatch(UUID_PATTERN, given) else str(uuid.uuid4())


def checking() -> Checking:
    """What is asked about entries in this request."""
    services_here, now = here(), services().clock.now()
    return Checking(
        places=services_here.places.places,
        table_known=services_here.places.known(),
        region_at=None if services_here.regions.outlines() is None else services_here.regions.region_at,
        today=now.astimezone(services().timezone).date(),
        households_of=households_by_email(services().registry.summaries().values()),
    )


def households_by_email(summaries: Iterable[HouseholdSummary]) -> dict[str, frozenset[str]]:
    """Households by the email of their contact, in lower case."""
    found: dict[str, frozenset[str]] = {}
    for each in summaries:
        if each.email is not None:
            email = each.email.casefold()
            found[email] = found.get(email, frozenset()) | {each.household}
    return found


def localized(typed: Typed) -> Typed:
    """Numbers with the decimal mark of the reader's language; what is no number stays as it is."""
    if language() != "de":
        return typed

    def marks(texts: Mapping[str, str]) -> dict[str, str]:
        return {name: text.replace(".", ",") if name in DECIMALS else text for name, text in texts.items()}

    return replace(
        typed,
        facts=marks(typed.facts),
        systems=tuple(replace(row, texts=marks(row.texts)) for row in typed.systems),
    )


def empty_form() -> Typed:
    """What a new household most often has: a device that reads one meter, and a system."""
    return Typed(
        devices=(Row("1"),), meters=(Row("1", {"device": "1"}),), systems=(Row("1"),), use_place=True
    )


def attributes_of(question: Question) -> dict[str, object]:
    """Further attributes of its input: nothing of the researcher's own is filled in by the browser."""
    attributes: dict[str, object] = {"autocomplete": "off"}
    if question.name in DECIMALS:
        attributes["inputmode"] = "decimal"
    elif question.name in _WHOLE:
        attributes["inputmode"] = "numeric"
    if question.missing is None:
        attributes["optional"] = True
    return attributes


def device_choices(typed: Typed) -> list[tuple[str, str]]:
    """The devices of the form, by key; one without a name by its place."""
    return [
        (row.key, row["name"].strip() or gettext("Device %(n)s", n=place))
        for place, row in enumerate(typed.devices, 1)
    ]


def meter_words(typed: Typed, meter: Row) -> str:
    """What a meter is called where others refer to it."""
    words = gettext("Meter %(n)s", n=typed.meters.index(meter) + 1)
    return f"{words} ({meter['model']})" if meter["model"] else words


def label_of(name: str) -> str:
    """What a field is called, for lists of fields."""
    if name in QUESTIONS:
        return gettext(QUESTIONS[name].label)
    kind, _, rest = name.partition("-")
    field_name = rest.rpartition("-")[2]
    questions: dict[str, Question] = {each.name: each for each in ROW_QUESTIONS.get(kind, ())}
    if field_name in questions:
        return gettext(questions[field_name].label)
    return gettext(_OTHER_LABELS.get((kind, field_name), marked("Another entry")))


_OTHER_LABELS = {
    ("meters", "device"): marked("Device that reads the meter"),
    ("systems", "meters"): marked("Meters that count the system"),
    ("devices", "added"): marked("A device was added"),
    ("meters", "added"): marked("A meter was added"),
    ("systems", "added"): marked("A photovoltaic system was added"),
}

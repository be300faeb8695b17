"""The file to fill in: an Excel book with columns, lists to choose from and an explanation; or plain CSV."""

import io

from webapp.registration.import_columns import GROUPS, OPTIONAL, REFERENCE, SINGLE, column_of
from webapp.registration.questions import EQUIPMENT, MODELS, PROTOCOLS, QUESTIONS
from webapp.registration.typed import name_of
from webapp.translation import gettext, marked

_MEMBERS = {"device": 2, "meter": 4, "system": 3}  # as many as the template has; a file may have more
_WIDTH = 18
_LAST_ROW = 1_001
_EXAMPLES = {
    REFERENCE: "H-017",
    "name": "Ada Example",
    "email": "ada@example.org",
    "street": "Musterweg",
    "house_number": "12",
    "postal_code": "24103",
    "city": "Kiel",
    "latitude": "54.3233",
    "longitude": "10.1228",
    "children": "1",
    "adults": "2",
    "adults_with_job": "1",
    "ev_charger": "no",
    "heat_pump": "yes",
    "home_battery": "no",
}
_GROUPS = (
    ("device_1", marked("Name of the device"), "cellar"),
    ("meter_1_type", marked("Type of meter"), "electricity"),
    ("meter_1_model", marked("Model of the meter"), "MT175"),
    ("meter_1_protocol", marked("What it speaks: sml or text_d; empty: what its model usually speaks"), ""),
    ("meter_1_device", marked("Device that reads the meter: its name or number"), "cellar"),
    ("system_1_power_kw", marked("Nominal power (kW)"), "8.4"),
    ("system_1_azimuth_deg", marked("Azimuth (degrees)"), "180"),
    ("system_1_tilt_deg", marked("Tilt (degrees)"), "35"),
    ("system_1_installed_on", marked("Installed on"), "2021-05-01"),
    ("system_1_meters", marked("Meters that count the system: their numbers, such as 2 or 2+3"), "2"),
)


def columns() -> list[str]:
    """The headings, in order."""
    return [
        *SINGLE,
        *(
            column_of(name_of(kind, str(number), inner))
            for group, (kind, inners) in GROUPS.items()
            for number in range(1, _MEMBERS[group] + 1)
            for inner in inners.values()
        ),
    ]


def explanation() -> list[tuple[str, str, str, bool]]:
    """Each column (of groups the first): its heading, what it holds, an example, whether it is needed."""
    singles = [
        (
            name,
            gettext(QUESTIONS[name].label)
            if name in QUESTIONS
            else gettext("Your own key of the household; the same key in a later file is the same household"),
            _EXAMPLES[name],
            name not in OPTIONAL,
        )
        for name in SINGLE
    ]
    return [*singles, *((heading, gettext(words), example, False) for heading, words, example in _GROUPS)]


def template_csv() -> bytes:
    """With semicolons and a byte order mark, as spreadsheet programs here open it."""
    return ("\ufeff" + ";".join(columns()) + "\r\n").encode()


def template_xlsx() -> bytes:
    """In the reader's language where it explains."""
    import openpyxl  # noqa: PLC0415 - only this page needs it
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415

    book = openpyxl.Workbook()
    sheet = book.active
    if sheet is None:
        raise AssertionError("a new book has a sheet")
    sheet.title = "households"
    sheet.freeze_panes = "B2"
    for place, heading in enumerate(columns(), 1):
        letter = get_column_letter(place)
        sheet.cell(1, place, heading).font = Font(bold=True)
        sheet.column_dimensions[letter].width = _WIDTH
        sheet.column_dimensions[letter].number_format = "@"  # texts: 01067 keeps its zero
        choices = _choices(heading)
        if choices:
            listed = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
            listed.add(f"{letter}2:{letter}{_LAST_ROW}")
            sheet.add_data_validation(listed)
    told = book.create_sheet(gettext("Explanation")[:31])
    told.append([gettext("Column"), gettext("What it holds"), gettext("Example"), gettext("Needed")])
    for heading, words, example, needed in explanation():
        told.append([heading, words, example, gettext("yes") if needed else gettext("no")])
    for letter, width in (("A", 26), ("B", 70), ("C", 20), ("D", 10)):
        told.column_dimensions[letter].width = width
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _choices(heading: str) -> tuple[str, ...]:
    if heading in {question.name for question in EQUIPMENT}:
        return ("yes", "no")
    for ending, choices in (
        ("_type", ("electricity", "pv_generation")),
        ("_model", MODELS),
        ("_protocol", PROTOCOLS),
    ):
        if heading.startswith("meter_") and heading.endswith(ending):
            return choices
    return ()

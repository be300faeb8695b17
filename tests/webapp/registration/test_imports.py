"""Households from a table: read within limits, every fault by row and column, registered row by row."""

import csv
import io
import os
import re
import uuid
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from registration_fakes import GOOD, FakePlaces, FakeRegistrar
from webapp_fakes import FakeServer

from couch.errors import Fault, Unreachable
from provisioning.nginx.pages_text import PAGES
from webapp.registration import tables
from webapp.registration.checking import Checking
from webapp.registration.import_check import Checked, check_file
from webapp.registration.import_template import columns, explanation, template_csv, template_xlsx
from webapp.registration.imports import Imports, namespace_of
from webapp.registration.tables import MOST_ROWS, TableFault, read_table
from webapp.upload_limits import larger_paths

NAMESPACE = uuid.UUID("22222222-2222-4222-8222-222222222222")
ROW = {
    "reference": "H-1",
    **GOOD,
    "device_1": "cellar",
    "meter_1_type": "Strom",
    "meter_1_model": "mt175",
    "meter_1_device": "cellar",
    "meter_2_type": "PV_GENERATION",
    "meter_2_model": "DD3",
    "meter_2_device": "1",
    "system_1_power_kw": "8,4",
    "system_1_azimuth_deg": "180",
    "system_1_tilt_deg": "35",
    "system_1_installed_on": "01.05.2021",
    "system_1_meters": "meter_2",
}


def csv_of(*rows: dict[str, str], headings: list[str] | None = None) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, headings or list(ROW), delimiter=";", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def xlsx_of(*rows: dict[str, Any]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(ROW))
    for row in rows:
        sheet.append([row.get(name) for name in ROW])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def check(content: bytes) -> Checked:
    checking = Checking(places=FakePlaces().places, table_known=True, region_at=None, today=date(2026, 6, 30))
    return check_file(content, NAMESPACE, checking, lambda _email: None)


def faults(content: bytes) -> list[tuple[int, str]]:
    return [(each.row, each.column) for each in check(content).faults]


def test_a_row_is_the_form_that_somebody_would_have_filled_in() -> None:
    (good,) = check(csv_of(ROW)).good
    entries = good.entries
    assert (entries.contact.name, entries.metadata.heat_pump) == ("Ada Example", True)
    assert [(meter.meter_type, meter.model, meter.device) for meter in entries.meters] == [
        ("ELECTRICITY", "MT175", "1"),
        ("PV_GENERATION", "DD3", "1"),
    ]
    (system,) = entries.systems
    assert (system.nominal_power_kw, system.installed_on, system.meters) == (8.4, date(2021, 5, 1), ("2",))


def test_excel_s_own_values_are_understood() -> None:
    row = {
        **ROW,
        "postal_code": 1067,
        "city": "Dresden",
        "children": 2.0,
        "heat_pump": True,
        "system_1_installed_on": date(2021, 5, 1),
        "system_1_power_kw": 8.4,
        "system_1_meters": 2,
    }
    (good,) = check(xlsx_of(row)).good
    assert good.entries.address.postal_code == "01067"
    assert good.entries.systems[0].installed_on == date(2021, 5, 1)
    assert good.entries.metadata.children == 2


def test_every_fault_is_named_by_row_and_column_and_nothing_is_good_by_halves() -> None:
    wrong = {
        **ROW,
        "reference": "H-2",
        "email": "ada",
        "meter_1_device": "attic",
        "system_1_tilt_deg": "95",
        "system_1_meters": "7",
    }
    found = check(csv_of(ROW, wrong))
    assert [(each.row, each.column) for each in found.faults] == [
        (3, "email"),
        (3, "meter_1_device"),
        (3, "system_1_tilt_deg"),
        (3, "system_1_meters"),
    ]
    assert "attic" in found.faults[1].trouble.in_words()


def test_a_reference_is_needed_and_names_one_row() -> None:
    assert faults(csv_of(ROW, {**ROW, "reference": " H-1 "}, {**ROW, "reference": ""})) == [
        (2, "reference"),
        (3, "reference"),
        (4, "reference"),
    ]


def test_the_same_reference_is_the_same_household_in_every_file() -> None:
    (one,) = check(csv_of(ROW)).good
    _, other = check(csv_of({**ROW, "reference": "H-0"}, {**ROW, "city": "Laboe"})).good
    assert one.draft == other.draft


def test_doubts_are_told_and_taken() -> None:
    found = check(csv_of({**ROW, "city": "Köln"}))
    assert [(each.row, each.column) for each in found.doubts] == [(2, "city")]
    assert len(found.good) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0 old", "old Excel"),
        (b"PK\x03\x04 cut off", "cannot be read"),
        (b"\x00\x01\x02", "neither a CSV file nor an Excel file"),
        (b"a;b\n", "no row below"),
        (csv_of(ROW, headings=["reference", "name"]), "lacks columns: email"),
        (csv_of(ROW).replace(b"children", b"kinder", 1), "not known: kinder"),
        (csv_of(ROW).replace(b";city;", b";street;", 1), "twice: street"),
        (csv_of(*[ROW] * (MOST_ROWS + 1)), "more than 1000 rows"),
        (b"x" * (2 * 1024 * 1024 + 1), "larger than 2 MB"),
        (b'reference\n"open', "not closed"),
        (b";" * 400 + b"x\n1\n", "more than 300 columns"),
    ],
)
def test_what_is_no_table_of_households_is_refused_with_its_reason(content: bytes, words: str) -> None:
    with pytest.raises(TableFault) as caught:
        check(content)
    assert words in caught.value.trouble.in_words()


def test_a_formula_is_a_fault_of_its_cell() -> None:
    found = check(xlsx_of({**ROW, "children": "=1+1"}))
    assert [(each.row, each.column) for each in found.faults] == [(2, "children")]
    assert "formula" in found.faults[0].trouble.in_words()


def test_a_zip_bomb_is_refused_unread() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 17_000_000)
    assert len(out.getvalue()) < 100_000
    with pytest.raises(TableFault, match="unpacks to more"):
        read_table(out.getvalue())


@pytest.mark.parametrize("far", ['r="99999999"', 'r="2"><c r="XFD2"/></row><row r="3"'])
def test_rows_and_columns_far_away_do_not_keep_the_reading(far: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_MOST_CELLS", 10_000)
    whole, out = zipfile.ZipFile(io.BytesIO(xlsx_of(ROW))), io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in whole.namelist():
            part = whole.read(name)
            made.writestr(name, part.replace(b'r="2"', far.encode(), 1) if "sheet1" in name else part)
    with pytest.raises(TableFault, match="unpacks to more"):
        read_table(out.getvalue())


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_file_breaks_the_reading(content: bytes) -> None:
    for whole in (content, b"PK\x03\x04" + content, b"reference;name\n" + content):
        with suppress(TableFault):
            check(whole)


def test_the_templates_have_columns_that_are_read(tmp_path: Path) -> None:
    for template in (template_csv(), template_xlsx()):
        with pytest.raises(TableFault, match="no row below"):
            check(template)
    assert all(name in columns() for name, _, _, _ in explanation())
    book = openpyxl.load_workbook(io.BytesIO(template_xlsx()))
    sheet = book.worksheets[0]
    for place, heading in enumerate(columns(), 1):
        sheet.cell(2, place, ROW.get(heading))
    out = io.BytesIO()
    book.save(out)
    assert len(check(out.getvalue()).good) == 1


@pytest.fixture
def registrar() -> FakeRegistrar:
    server = FakeServer()
    return FakeRegistrar(lambda: server)


def run(imports: Imports, token: str) -> Any:
    imports.start(token)
    imports.wait(token, 10)
    return imports.progress(token)


def test_rows_are_registered_one_by_one_and_the_names_go(tmp_path: Path, registrar: Any) -> None:
    imports = Imports(tmp_path, registrar.create)
    rows = check(csv_of(ROW, {**ROW, "reference": "H-2"})).good
    token = imports.keep(rows)
    assert imports.progress(token).open == 2
    done = run(imports, token)
    assert [(each.reference, each.outcome) for each in done.results] == [
        ("H-1", "registered"),
        ("H-2", "registered"),
    ]
    assert (done.open, done.running) == (0, False)
    assert not any("Ada" in file.read_text() for file in tmp_path.iterdir())
    assert all(file.stat().st_mode & 0o077 == 0 for file in tmp_path.iterdir())


def test_an_import_that_stopped_goes_on_where_it_was(tmp_path: Path, registrar: Any) -> None:
    rows = check(csv_of(*({**ROW, "reference": f"H-{number}"} for number in range(3)))).good
    imports = Imports(tmp_path, registrar.create)
    token = imports.keep(rows)
    answers = iter([None, Unreachable("nobody answered.")])

    def create(table: Any) -> Any:
        error = next(answers, None)
        if error is not None:
            raise error
        return registrar.create(table)

    stopped = run(Imports(tmp_path, create), token)
    assert (len(stopped.results), stopped.open) == (1, 2)
    done = run(Imports(tmp_path, registrar.create), token)  # as after a restart of the service
    assert [each.outcome for each in done.results] == ["registered"] * 3
    assert len(registrar.created) == 3


def test_the_rows_stay_until_the_result_of_each_is_kept(tmp_path: Path, registrar: Any) -> None:
    rows = check(csv_of(ROW, {**ROW, "reference": "H-2"})).good
    imports = Imports(tmp_path, registrar.create)
    token = imports.keep(rows)
    (tmp_path / f"{token}.results.jsonl").write_text('{"row": 2, "refer')  # cut off, as by a lost disk
    assert run(imports, token).open == 1
    done = run(imports, token)
    assert [(each.reference, each.outcome) for each in done.results] == [
        ("H-1", "stood"),
        ("H-2", "registered"),
    ]
    assert not (tmp_path / f"{token}.rows.json").exists()


def test_a_row_that_fails_is_told_and_the_others_go_on(tmp_path: Path, registrar: Any) -> None:
    rows = check(csv_of(ROW, {**ROW, "reference": "H-2"})).good
    registrar.fails = [Fault("it was erased.")]
    imports = Imports(tmp_path, registrar.create)
    token = imports.keep(rows)
    first = run(imports, token)
    assert [(each.outcome, each.reason) for each in first.results] == [
        ("failed", "it was erased."),
        ("registered", ""),
    ]
    assert [each.outcome for each in run(imports, token).results] == ["registered", "registered"]


def test_the_same_file_again_registers_nothing_twice(tmp_path: Path, registrar: Any) -> None:
    imports = Imports(tmp_path, registrar.create)
    run(imports, imports.keep(check(csv_of(ROW)).good))
    again = run(imports, imports.keep(check(csv_of(ROW)).good))
    assert [each.outcome for each in again.results] == ["stood"]
    other = run(imports, imports.keep(check(csv_of({**ROW, "name": "Another"})).good))
    assert [each.outcome for each in other.results] == ["kept"]


def test_references_have_a_namespace_that_is_made_once(tmp_path: Path) -> None:
    assert namespace_of(tmp_path) == namespace_of(tmp_path) != namespace_of(tmp_path / "other")


@pytest.fixture
def rosa(centre: Any) -> Any:
    centre.app.extensions["survey_services"].registration.registrar.forget()
    browser = centre.signed_in("rosa")
    browser.get("/households/import")
    return browser


def send(rosa: Any, content: bytes, name: str = "homes.csv") -> Any:
    return rosa.send("/households/import", file=(io.BytesIO(content), name))


def test_a_file_is_checked_before_and_registered_after_a_click(rosa: Any) -> None:
    checked = send(rosa, xlsx_of(ROW, {**ROW, "reference": "H-2"}), "homes.xlsx")
    assert "All 2 rows can be registered. Nothing is written yet." in checked.text
    where = checked.text.partition('action="/households/import/')[2].partition('"')[0]
    begun = rosa.send(f"/households/import/{where}")
    assert begun.status_code == 303
    imports = rosa.client.application.extensions["survey_services"].registration.imports
    imports.wait(where, 10)
    done = rosa.get(begun.location).text
    assert "It is finished." in done
    assert done.count("registered") >= 2


def test_faults_of_a_file_are_a_table_by_row_and_column(rosa: Any) -> None:
    answer = send(rosa, csv_of({**ROW, "email": "<ada>"}))
    assert answer.status_code == 422
    assert "Nothing was registered: one entry is faulty." in answer.text
    assert ">email<" in answer.text


def test_a_large_file_is_taken_there_and_nowhere_else(rosa: Any) -> None:
    large = csv_of(ROW) + b";\r\n" * 50_000
    assert len(large) > 128 * 1024
    assert send(rosa, large).status_code == 200
    claims = {"environ_overrides": {"CONTENT_LENGTH": "2200000"}}
    assert rosa.client.post("/households/import", data={"file": "x"}, **claims).status_code == 413
    rosa.get("/households/new")
    assert rosa.send("/households/new", name="x" * 70_000).status_code == 413


def test_no_import_is_found_by_a_strange_token(rosa: Any) -> None:
    where = "/households/import/5f000000-0000-4000-8000-0000000000dd"
    assert rosa.get(where).status_code == 404
    rosa.get("/households/import")
    assert rosa.send(where).status_code == 404


def test_templates_are_downloads(rosa: Any) -> None:
    for form in ("xlsx", "csv"):
        answer = rosa.client.get(f"/households/import/template.{form}", buffered=True)
        assert answer.headers["Content-Disposition"] == f'attachment; filename="households.{form}"'
    assert rosa.get("/households/import/template.exe").status_code == 404


def test_every_door_lets_as_much_through_as_the_page_takes(centre: Any) -> None:
    (path, limit), *others = larger_paths(centre.app).items()
    assert (path, others) == ("/households/import", [])
    location = PAGES.partition(f"location = {path} {{")[2].partition("}")[0]
    said = re.search(r"client_max_body_size (\d+)k;", location)
    assert said is not None
    assert int(said[1]) * 1024 >= limit


def test_what_nobody_finished_goes_after_a_week(tmp_path: Path, registrar: Any) -> None:
    imports = Imports(tmp_path, registrar.create)
    old, fresh = (imports.keep(check(csv_of(ROW)).good) for _ in range(2))
    file = tmp_path / f"{old}.rows.json"
    os.utime(file, (file.stat().st_mtime - 8 * 86_400,) * 2)
    after = Imports(tmp_path, registrar.create)
    assert after.progress(old) is None
    assert after.progress(fresh) is not None

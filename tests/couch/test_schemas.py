"""The JSON Schemas in docs/schemas are those of the models."""

import json
import re
from pathlib import Path

import pytest

from couch.schemas import ID_FORMS, models, schema, text_of

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("kind", models())
def test_the_schema_file_of_each_type_is_true(kind: str) -> None:
    file = FOLDER / f"{kind}.json"
    assert file.read_text(encoding="utf-8") == text_of(kind), "run: python -m couch.schemas docs/schemas"


def test_there_is_no_schema_of_a_type_that_is_gone() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(models())


def test_every_type_has_a_form_of_its_id() -> None:
    assert set(ID_FORMS) == set(models())


def test_a_schema_asks_for_the_id_and_the_type_and_allows_unknown_fields() -> None:
    measurement = schema("measurement")
    assert {"_id", "type", "meter", "slot", "data"} <= set(measurement["required"])
    assert measurement["properties"]["type"]["enum"] == ["measurement"]
    assert "additionalProperties" not in measurement
    identifier = "measurement:00000000-0000-4000-8000-00000000000a:2025-07-01T00:15:00Z"
    assert re.fullmatch(measurement["properties"]["_id"]["pattern"], identifier)


def test_times_stand_in_schemas_in_the_form_that_documents_hold() -> None:
    form = schema("measurement")["properties"]["slot"]
    assert form["format"] == "date-time"
    assert re.fullmatch(form["pattern"], "2025-07-01T00:15:00Z")
    assert not re.fullmatch(form["pattern"], "2025-07-01T00:15:00+02:00")
    optional = schema("household_summary")["properties"]["granted_at"]["anyOf"]
    assert [one["type"] for one in optional] == ["string", "null"]


def test_the_models_own_key_for_unknown_fields_does_not_show() -> None:
    assert "__extra__" not in json.dumps([schema(kind) for kind in models()])

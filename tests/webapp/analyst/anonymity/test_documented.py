"""Every key of the settings of exports and data sets stands on the analysts' page."""

from pathlib import Path

import msgspec
import pytest

from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.releases.settings import DataSetSettings

PAGE = Path(__file__).parents[4] / "docs" / "analyst.md"


@pytest.mark.parametrize("kind", [AnonymitySettings, DataSetSettings])
def test_every_key_is_documented(kind: type[msgspec.Struct]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [field.name for field in msgspec.structs.fields(kind) if f"`{field.name}`" not in page] == []

"""The node answers as Apache CouchDB 3.5.0 did: a test for each recorded conversation."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CASES = Path(__file__).with_name("cases")
LATER = {
    "attachments": "the node has no attachments yet: it answers 501",
    "find": "the node has no Mango queries yet: it answers 501",
}


def _cases() -> Iterator[object]:
    real = "SURVEY_COUCHDB_URL" in os.environ
    for path in sorted(CASES.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            later = path.stem in LATER and not real
            marks = [pytest.mark.xfail(reason=LATER[path.stem], strict=True)] if later else []
            yield pytest.param(case["steps"], id=f"{path.stem}: {case['name']}", marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize("steps", list(_cases()))
def test_the_server_answers_as_recorded(
    hold: Callable[[list[object]], list[str]], steps: list[object]
) -> None:
    assert hold(steps) == []

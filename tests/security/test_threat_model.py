"""The threat model names tests that are there, and every measure in it names one."""

import importlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_ATTEMPT = re.compile(r"`(attempts_\w+): ([^`]+)`")


def _measures() -> list[str]:
    table = TEXT.partition("| measure | shown by |")[2].partition("\n\n")[0]
    return table.strip().splitlines()[1:]


def test_every_measure_names_what_shows_it() -> None:
    measures = _measures()
    assert len(measures) > 20
    assert not [row for row in measures if not (_TEST.search(row) or _ATTEMPT.search(row))]


def test_the_named_tests_are_there() -> None:
    named = _TEST.findall(TEXT)
    assert named
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / file).is_file() or f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert not missing


def test_the_named_attempts_are_there() -> None:
    named = _ATTEMPT.findall(TEXT)
    assert named
    missing = [
        tries
        for module, tries in named
        if tries not in {attempt.tries for attempt in importlib.import_module(module).ATTEMPTS}
    ]
    assert not missing


def test_every_table_of_attempts_is_named() -> None:
    tables = {file.stem for file in Path(__file__).parent.glob("attempts_*.py")}
    assert tables == {module for module, _ in _ATTEMPT.findall(TEXT)}

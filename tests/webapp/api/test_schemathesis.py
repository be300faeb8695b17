"""Generated requests against the description: nothing breaks, and answers are what the description says.

SURVEY_API_EXAMPLES: how many requests for each endpoint, valid ones and as many invalid ones.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from api_fakes import fill, session_of, shown
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from couch.clock import from_rfc3339, slot_of, to_rfc3339
from webapp.api.endpoints import ROUTES

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

pytestmark = pytest.mark.slow
_EXAMPLES = int(os.environ.get("SURVEY_API_EXAMPLES", "40"))
_FIRST, _LAST = datetime(1970, 1, 1), datetime(2099, 12, 31)  # noqa: DTZ001 - so the strategy wants it
_TIMES = st.datetimes(_FIRST, _LAST).map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
_CASES = [
    pytest.param(route, mode, id=f"{mode.value}-{route.name}")
    for route in ROUTES
    for mode in schemathesis.GenerationMode
    # Where nothing is sent, nothing can be wrong.
    if mode is schemathesis.GenerationMode.POSITIVE or route.query or route.body or "{" in route.path
]


@pytest.fixture(scope="module")
def counted() -> Iterator[dict[str, int]]:
    """How many requests were sent in all; said at the end, which -s shows."""
    counts: dict[str, int] = {}
    yield counts
    print(f"\nschemathesis: {sum(counts.values())} requests, {counts}")


@pytest.fixture
def description(api: Any) -> Any:
    schemathesis.openapi.format("date-time", _TIMES)
    return schemathesis.openapi.from_wsgi("/openapi.json", api.app)


@pytest.mark.parametrize(("route", "mode"), _CASES)
def test_every_answer_is_as_described(
    api: Any, description: Any, counted: dict[str, int], route: Any, mode: Any
) -> None:
    headers = shown(api.pem()) if route.scope else {"Cookie": f"centre={session_of('administrator')}"}
    operation = description[route.path][route.method]

    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any, known: bool) -> None:
        if mode is schemathesis.GenerationMode.POSITIVE:
            assume(_in_order(case.query or {}) and not _has_fractions(case.body))  # what no schema can say
            _align(case.body)
            if known:
                _about(case, api.sample.meter)
        fill(api)
        counted[case.operation.label] = counted.get(case.operation.label, 0) + 1
        case.call_and_validate(headers=headers)

    check()


def _in_order(query: dict[str, Any]) -> bool:
    return not ("from" in query and "to" in query) or str(query["from"]) <= str(query["to"])


def _has_fractions(value: Any) -> bool:
    """Whether a whole number is written as 1.0, which JSON Schema takes for an integer and we do not."""
    if isinstance(value, dict | list):
        return any(map(_has_fractions, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


def _align(body: Any) -> None:
    """Let a slot begin where slots begin."""
    if isinstance(body, dict) and body.get("slot"):
        body["slot"] = to_rfc3339(slot_of(from_rfc3339(body["slot"])))


def _about(case: Any, meter: str) -> None:
    """Let the request be about a meter that there is."""
    for part in (case.path_parameters, case.body):
        if isinstance(part, dict) and "meter" in part:
            part["meter"] = meter

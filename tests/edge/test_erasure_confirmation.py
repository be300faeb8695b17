"""Until the centre has it, whatever it says meanwhile; two requests and no other."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from couch.documents import Json
from couch.erasure_marker import ErasureMarker
from couch.errors import AccessDenied, Conflict, CouchError, NotFound, Refused, Unreachable
from edge.centre_identity import CentreIdentity
from edge.erasure_confirmation import Confirmation, confirmation
from edge.heartbeat import Vitals

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MARKER = ErasureMarker(
    device="22222222-2222-4222-8222-222222222222",
    household="33333333-3333-4333-8333-333333333333",
    told_at=NOW,
    unsent_measurements=7,
    erased_at=NOW,
)
ERASED: Json = {"consent": {"state": "revoked", "erased": True}}


class Centre:
    """Answers from a list of what it is to say; the last one stays."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.has: Json | None = None

    def _next(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def security(self) -> Json:
        self.asked.append("security")
        answer = self._next()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def put(self, doc: Json) -> str:
        self.asked.append("put")
        if self.has is not None:
            raise Conflict("another revision stands there")
        self.has = doc
        return "1-a"


def make(centre: Centre, **more: Any) -> Confirmation:
    return Confirmation(centre, vitals=Vitals(), longest_pause_s=0.001, **more)  # type: ignore[arg-type]


def denied(kind: type[Refused], error: str) -> CouchError:
    return kind("refused", error=error, reason=error, status=403)


TROUBLES: list[Any] = [
    Unreachable("refused connection"),
    NotFound("no such database", error="not_found", reason="no_db_file", status=404),
    denied(AccessDenied, "certificate_ended"),
    denied(AccessDenied, "certificate_revoked"),
    denied(Refused, "household_erased"),
    {"consent": {"state": "revoked", "erased": False}},
    {"consent": {"state": "revoked", "erased": "true"}},
    {"consent": "erased"},
    {},
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: str(trouble)[:24])
def test_nothing_is_put_before_the_centre_shows_the_erasure(trouble: Any) -> None:
    centre = Centre(trouble)
    assert not make(centre).attempt(MARKER)
    assert centre.asked == ["security"]


def test_it_is_tried_until_it_came_through_and_says_how_many_went() -> None:
    centre = Centre(*TROUBLES, ERASED)
    vitals = Vitals()
    confirming = Confirmation(centre, vitals=vitals, longest_pause_s=0.001)  # type: ignore[arg-type]
    assert confirming.run(MARKER, threading.Event())
    assert centre.has == confirmation(MARKER).to_json()
    assert centre.has["unsent_measurements"] == 7
    assert vitals.errors() == ()


def test_a_lost_answer_is_made_good_by_a_repeat_that_changes_nothing() -> None:
    centre = Centre(ERASED)
    assert make(centre).attempt(MARKER)
    first = centre.has
    assert make(centre).attempt(MARKER)
    assert centre.has == first
    assert centre.asked == ["security", "put"] * 2


def test_a_stopped_agent_confirms_nothing() -> None:
    stop = threading.Event()
    stop.set()
    assert not make(Centre(ERASED)).run(MARKER, stop)


def test_nothing_is_confirmed_before_it_was_erased() -> None:
    with pytest.raises(ValueError, match="nothing was erased"):
        confirmation(ErasureMarker(device=MARKER.device, household=MARKER.household, told_at=NOW))


@pytest.mark.parametrize(("ended", "expected"), [(True, 1), (False, 0)])
def test_only_an_ended_certificate_is_brought_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, ended: bool, expected: int
) -> None:
    facts: Callable[[Any], Any] = lambda _self: _Facts(NOW + timedelta(days=-1 if ended else 1))  # noqa: E731
    monkeypatch.setattr(CentreIdentity, "facts", facts)
    calls: list[int] = []
    identity = CentreIdentity(tmp_path / "ca", tmp_path / "crt", tmp_path / "key")
    confirming = make(Centre(ERASED), identity=identity, come_back=lambda: calls.append(1), now=lambda: NOW)
    assert confirming.attempt(MARKER)
    assert len(calls) == expected


class _Facts:
    serial = "00000001"

    def __init__(self, end: datetime) -> None:
        self.not_before, self.not_after = end - timedelta(days=30), end

"""Each attempt at both doors: refused as its row says, nothing changed or told, no secret in a log."""

from typing import Any

import attempts_bodies
import attempts_certificates
import attempts_enrolment
import attempts_headers
import attempts_limits
import attempts_pages
import attempts_paths
import attempts_rest
import attempts_scopes
import attempts_targets
import attempts_tokens
import pytest
from attempt import Attempt, fits
from captured_log import leaks

ATTEMPTS: tuple[Attempt, ...] = (
    *attempts_certificates.ATTEMPTS,
    *attempts_scopes.ATTEMPTS,
    *attempts_paths.ATTEMPTS,
    *attempts_targets.ATTEMPTS,
    *attempts_headers.ATTEMPTS,
    *attempts_bodies.ATTEMPTS,
    *attempts_tokens.ATTEMPTS,
    *attempts_rest.ATTEMPTS,
    *attempts_enrolment.ATTEMPTS,
    *attempts_pages.ATTEMPTS,
    *attempts_limits.ATTEMPTS,
)


def test_there_are_more_than_a_hundred_and_twenty_different_attempts() -> None:
    assert len({attempt.tries for attempt in ATTEMPTS}) == len(ATTEMPTS) >= 120


@pytest.mark.parametrize("attempt", [pytest.param(one, id=one.tries) for one in ATTEMPTS])
def test_an_attempt_fails(attempt: Attempt, world: Any, counted: Any) -> None:
    mark, before = world.log.mark(), world.stands
    reply = world.send(attempt)
    world.settle()  # whatever comes of it, the next attempt is judged by itself
    must = attempt.expected(world.door)
    assert fits(reply, must), f"must be {must}, came: {reply.statuses} {reply.text[-600:]!r}"
    assert not [text for text in world.canaries if text in reply.text], "another household's data came out"
    assert attempt.settles or world.stands == before, "the attempt changed something"
    answered = any(200 <= status < 300 for status in reply.statuses)
    if attempt.to == "devices" and attempt.logged and not answered:
        assert world.logged(mark), "nothing in a log tells of it"
    assert not leaks(world.log.all(mark), world.secrets), "a secret is in a log"
    counted("answered" if answered else "refused")

"""May this request pass? A pure function of the certificate, its standing, the method and the raw target."""

import re
from datetime import datetime
from functools import cache

from couch import names
from couch.admission import Admitted, Denied
from couch.certificate import CertificateFacts
from couch.documents import ConsentState
from webapp.gateway.rules import PLACES, RULES, Rule
from webapp.gateway.standing import Standing
from webapp.gateway.target import BadTarget, Target, parse_target

_NOT_HERE = Denied(403, "forbidden", "nothing of this address is open to devices")
_NO_CERTIFICATE = Denied(401, "certificate_missing", "show the certificate of a device")
_ENDED = Denied(401, "certificate_ended", "the certificate is out of its time: renew it, check the clock")
_REVOKED = Denied(403, "certificate_revoked", "the certificate was revoked: ask the administrator")
_UNKNOWN = Denied(403, "certificate_unknown", "the certificate is none that this survey issued")
_NO_MORE = Denied(403, "consent_revoked", "consent was revoked: no measurement is taken any more")
# The agent acts on this one: it forgets its replica and confirms that.
_ERASED = Denied(403, "household_erased", "this household was erased: erase the replica and confirm it")


def decide(
    facts: CertificateFacts | None, standing: Standing | None, method: str, target: str, now: datetime
) -> Admitted | Denied:
    """The decision about one request; `now` is real time.

    `facts`: of the certificate that TLS verified, None where none was shown; `standing` belongs to it.
    Denied is the answer to everything that no row of RULES admits.
    """
    try:
        wanted = parse_target(target)
    except BadTarget as err:
        return Denied(403, "bad_target", str(err))
    if facts is None or standing is None:
        return _without_certificate(method, wanted)
    return _of_certificate(facts, standing, now) or _of_rules(facts, standing, method, wanted)


def _of_rules(facts: CertificateFacts, standing: Standing, method: str, wanted: Target) -> Admitted | Denied:
    rows = [rule for rule in RULES if method in rule.methods and _is_for(rule, facts, wanted)]
    if standing.erased or facts.farewell:
        rows = [rule for rule in rows if rule.erased]
        if not rows:
            return _ERASED
    if not rows:
        return _NOT_HERE
    scopes = _scopes(facts, standing)
    open_rows = [rule for rule in rows if _has_scopes(rule, scopes)]
    if not open_rows:
        if any(_has_scopes(rule, facts.scopes) for rule in rows):
            return _NO_MORE
        return Denied(403, "scope_missing", f"the scope {_scopes_of(rows[0])} is needed")
    fitting = [rule for rule in open_rows if _query_fits(rule, wanted)]
    if not fitting:
        return Denied(403, "bad_query", "this query is not open to devices")
    return Admitted(door=fitting[0].door, subject=facts.device, roles=_roles(facts, scopes))


def _without_certificate(method: str, wanted: Target) -> Admitted | Denied:
    for rule in RULES:
        if not rule.certificate and method in rule.methods and _matches(rule.path, wanted.segments, "", ""):
            return Admitted(door=rule.door) if _query_fits(rule, wanted) else _NOT_HERE
    return _NO_CERTIFICATE


def _of_certificate(facts: CertificateFacts, standing: Standing, now: datetime) -> Denied | None:
    if not facts.valid_at(now):
        return _ENDED
    if standing.verdict == "revoked":
        return _REVOKED
    return None if standing.verdict == "good" else _UNKNOWN


def _scopes(facts: CertificateFacts, standing: Standing) -> frozenset[str]:
    """After a revocation no measurement is taken, also while `_security` has not reached every node yet.

    Before a grant is seen here the database alone decides: refusing what it would take would lose it.
    """
    if standing.erased or facts.farewell:
        return frozenset()
    ended = {"measurement-write"} if standing.consent is ConsentState.REVOKED else set[str]()
    return facts.scopes - ended


def _has_scopes(rule: Rule, scopes: frozenset[str]) -> bool:
    return scopes.issuperset(rule.scopes) and (not rule.one_of or not scopes.isdisjoint(rule.one_of))


def _scopes_of(rule: Rule) -> str:
    return " and ".join(rule.scopes) or " or ".join(rule.one_of)


def _roles(facts: CertificateFacts, scopes: frozenset[str]) -> tuple[str, ...]:
    household, device = names.household_role(facts.household), names.device_role(facts.device)
    return (household, device, *(names.scope_role(scope) for scope in sorted(scopes)))


def _is_for(rule: Rule, facts: CertificateFacts, wanted: Target) -> bool:
    return _matches(rule.path, wanted.segments, facts.household, facts.device)


def _matches(path: str, segments: tuple[str, ...], household: str, device: str) -> bool:
    parts = path.split("/")[1:]
    if len(parts) != len(segments):
        return False
    own = {"{household}": household, "{device}": device}
    return all(_fits(part, segment, own) for part, segment in zip(parts, segments, strict=True))


def _fits(part: str, segment: str, own: dict[str, str]) -> bool:
    for place, value in own.items():
        part = part.replace(place, value)
    return part == segment if "{" not in part else _compiled(part).fullmatch(segment) is not None


@cache
def _compiled(part: str) -> re.Pattern[str]:
    """Of parts with `{uuid}` and the like, of which the table has a dozen; the caller's own are no places."""
    pattern = re.escape(part)
    for place, form in PLACES.items():
        pattern = pattern.replace(re.escape(place), form)
    return re.compile(pattern)


def _query_fits(rule: Rule, wanted: Target) -> bool:
    if rule.query is None:
        return True
    if not wanted.query.keys() >= set(rule.must):
        return False
    return all(
        key in rule.query and re.fullmatch(rule.query[key], value) for key, value in wanted.query.items()
    )

"""Who may call an endpoint: a device by its certificate's scope, a person by the role of a session."""

from collections.abc import Callable

from flask import g, request

from couch.certificate import CertificateFacts
from webapp import access
from webapp.api.identity import UnfitCertificate, Unidentified, device_behind
from webapp.api.problems import Refusal
from webapp.api.route import Route
from webapp.api.services import services


def guard_of(route: Route) -> Callable[[], None]:
    """Judges a request for `route`; raises Refusal."""

    def device() -> None:
        if request.method != "OPTIONS":  # which methods there are is no secret
            _check_device(route.scope or "")

    def person() -> None:
        if request.method != "OPTIONS":
            _check_person(frozenset(route.roles))

    return device if route.scope else person


def calling_device() -> CertificateFacts | None:
    """The device that the guard let through; None for a person."""
    found: CertificateFacts | None = g.get("survey_device")
    return found


def _check_device(scope: str) -> None:
    here = services()
    try:
        facts = device_behind(request.headers, here.proxy_secret, here.real_time())
    except UnfitCertificate as err:
        raise Refusal("certificate-unfit", f"{err}.", headers=_CHALLENGE) from None
    except Unidentified as err:
        raise Refusal("certificate-required", f"{err}.", headers=_CHALLENGE) from None
    g.survey_device = facts
    if here.revoked(facts.serial):
        raise Refusal("certificate-revoked")
    if scope not in facts.scopes:
        raise Refusal("scope-missing", f"This endpoint asks for the scope {scope}.")


def _check_person(roles: frozenset[str]) -> None:
    held = access.held_roles()
    if not held:
        raise Refusal(
            "sign-in-required", headers={"WWW-Authenticate": 'Session realm="household energy survey"'}
        )
    if roles.isdisjoint(held):
        raise Refusal("role-missing")


_CHALLENGE = {"WWW-Authenticate": 'Certificate realm="household energy survey"'}

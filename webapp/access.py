"""Who may open which page: every route declares its roles, and a route that declares none opens to nobody.

A session lives in one signed cookie: the roles, the account's name and the second at which it ends. Its end
is real time, not survey time.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import abort, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response

PARTICIPANT = "participant"  # whoever knows the household code, on the device's page alone

View = TypeVar("View", bound=Callable[..., Any])
_DECLARED = "_survey_roles"
_ROLES, _NAME, _UNTIL, _KEY = "roles", "name", "until", "key"


def public(view: View) -> View:
    """Declare that everybody may open this route."""
    setattr(view, _DECLARED, frozenset())
    return view


def roles(*names: str) -> Callable[[View], View]:
    """Declare that a session with one of these roles may open this route."""
    if not names:
        raise ValueError("name the roles, or declare the route public")

    def declare(view: View) -> View:
        setattr(view, _DECLARED, frozenset(names))
        return view

    return declare


def declared_roles(view: Callable[..., Any]) -> frozenset[str] | None:
    """The roles that a view declares; empty: public; None: nothing was declared."""
    return getattr(view, _DECLARED, None)


def check() -> Response | None:
    """Before each request: let it through, send it to the sign-in page, or refuse it with 403."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None:
        return None  # no such page: 404 needs no role
    needed = declared_roles(view)
    if needed is None:
        abort(403)
    if not needed:
        return None
    held = held_roles()
    if not held:
        session.clear()
        return redirect(url_for("sign_in.form"), 303)
    if needed.isdisjoint(held):
        abort(403)
    return None


def sign_in(names: Sequence[str], *, account: str, key: str, lifetime_s: int) -> None:
    """Start a session. `key` binds it to the secret that opened it: when that changes, it ends."""
    session.clear()
    session[_ROLES] = sorted(names)
    session[_NAME] = account
    session[_UNTIL] = int(_wall()) + lifetime_s
    session[_KEY] = key


def sign_out() -> None:
    session.clear()


def held_roles() -> frozenset[str]:
    """The roles of this session; empty when there is none or it has ended."""
    if _UNTIL not in session or _wall() >= session[_UNTIL]:
        return frozenset()
    if session.get(_KEY) != current_app.config.get("SURVEY_SESSION_KEY", ""):
        return frozenset()
    return frozenset(session.get(_ROLES, ()))


def account() -> str:
    """The name that this session signed in with, empty on the device."""
    return str(session.get(_NAME, ""))


def _wall() -> float:
    """Real seconds since 1970, from the source that the app was made with."""
    source: Callable[[], float] = current_app.config.get("SURVEY_WALL", time.time)
    return source()

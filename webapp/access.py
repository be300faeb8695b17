"""Who may open which page: every route declares it; an app with a route that declares nothing is not made.

Three declarations: `public`, `roles` (a session with one of them) and `guarded` (the route's own guard
judges: for machines, which show a certificate and know neither cookies nor forms).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from webapp import session_cookie
from webapp.site import Entered, SignedIn, site

PARTICIPANT = "participant"  # whoever knows the household code, on the device's page alone

View = TypeVar("View", bound=Callable[..., Any])
# Returns None to let the request through, or answers it; may also abort or raise.
Guard = Callable[[], Any]
_DECLARED = "_survey_access"
_FORMS_OF = "of"  # in the forms' cookie: which session they belong to


@dataclass(frozen=True, slots=True)
class Declared:
    """What a route asks of its caller. Neither roles nor a guard: it is public."""

    roles: frozenset[str] = frozenset()
    guard: Guard | None = None

    @property
    def public(self) -> bool:
        return not self.roles and self.guard is None


def public(view: View) -> View:
    """Declare that everybody may open this route."""
    return _declare(view, Declared())


def roles(*names: str) -> Callable[[View], View]:
    """Declare that a session with one of these roles may open this route."""
    if not names:
        raise ValueError("name the roles, or declare the route public")
    return lambda view: _declare(view, Declared(roles=frozenset(names)))


def guarded(guard: Guard) -> Callable[[View], View]:
    """Declare that `guard`, called before the view, judges the caller by what it proves in this very request.

    Such a route knows no forms, so no form's token is asked for. The guard may ask `held_roles()` as well.
    """
    return lambda view: _declare(view, Declared(guard=guard))


def declared(view: Callable[..., Any]) -> Declared | None:
    """What a view declares; None: nothing."""
    return getattr(view, _DECLARED, None)


def check_declarations(app: Flask) -> None:
    """Raises LookupError when a route of the app declares nothing."""
    silent = sorted(name for name, view in app.view_functions.items() if declared(view) is None)
    if silent:
        raise LookupError(f"routes that do not declare who may open them: {', '.join(silent)}")


def check() -> Any:
    """Before each request: let it through, send it to the sign-in page, or refuse it with 403."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None:
        return None  # no such page: 404 needs no role
    needed = declared(view)
    if needed is None:
        abort(403)
    if needed.guard is not None:
        return needed.guard()
    if needed.public:
        return None
    return _check_roles(needed.roles)


def _check_roles(needed: frozenset[str]) -> Response | None:
    held = held_roles()
    if not held:
        return redirect(url_for("sign_in.form"), 303)
    if needed.isdisjoint(held):
        abort(403)
    return None


def takes_forms() -> bool:
    """Whether this request is for a page of people, whose forms carry a token."""
    view = current_app.view_functions.get(request.endpoint or "")
    needed = declared(view) if view is not None else None
    return needed is None or needed.guard is None


def bind_forms() -> None:
    """Before each request for a page: what forms were given outside this very session is forgotten.

    So no token outlives a sign-in, a sign-out or a session id that was replaced, and none can be planted.
    """
    if request.endpoint == "static" or not takes_forms():
        return
    here = _current()
    mark = session_cookie.mark(here.token) if here else ""
    if session.get(_FORMS_OF, "") != mark:
        session.clear()
        if mark:
            session[_FORMS_OF] = mark
    g.survey_forms = True


def may_show_forms() -> bool:
    """Whether this answer may hold a form: not one that was refused for whence or by which name it came."""
    return bool(g.get("survey_forms"))


def sign_in(entered: Entered) -> None:
    """Begin a session with an id of its own; the one that this browser had ends."""
    sign_out()
    token = site().sessions.begin(entered)
    session_cookie.give(token)
    g.survey_signed_in = SignedIn(entered.roles, entered.account, token)


def sign_out() -> None:
    """End this browser's session, here and on the server."""
    known = session_cookie.read()
    if known:
        site().sessions.end(known)
    session_cookie.take_away()
    session.clear()
    g.survey_signed_in = None


def nobody() -> None:
    """Take this request for nobody's, whatever its cookie says."""
    g.survey_signed_in = None


def held_roles() -> frozenset[str]:
    """The roles of this session; empty when there is none or it has ended."""
    here = _current()
    return frozenset(here.roles) if here else frozenset()


def account() -> str:
    """The name that this session signed in with, empty on the device."""
    here = _current()
    return here.account if here else ""


def _current() -> SignedIn | None:
    """The session of this request, looked up once."""
    if "survey_signed_in" not in g:
        g.survey_signed_in = None  # while sessions cannot be read, the page that says so is nobody's
        token = session_cookie.read()
        if token:
            g.survey_signed_in = site().sessions.find(token)
        here = g.survey_signed_in
        if here is not None and here.token != token:
            session_cookie.give(here.token)
    found: SignedIn | None = g.survey_signed_in
    return found


def _declare(view: View, what: Declared) -> View:
    setattr(view, _DECLARED, what)
    return view

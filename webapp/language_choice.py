"""Which language a reader gets: the one chosen on a page before, else the one that the browser asks for.

The choice is a cookie of its own and no secret: `en` or `de`. It outlives sessions and needs no account.
"""

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from webapp import access, session_cookie, translation

blueprint = Blueprint("language", __name__)
_YEAR_S = 365 * 86_400


def speak() -> None:
    """Before each request: choose its language."""
    translation.speak(request.cookies.get(_cookie()))


def offered() -> dict[str, str]:
    """The other languages by the names that their speakers give them; none where no form may be shown."""
    if not access.may_show_forms():
        return {}
    available, now = current_app.extensions[translation.CATALOGS], translation.language()
    return {code: name for code, name in translation.NAMES.items() if code in available and code != now}


@blueprint.post("/language")
@access.public
def choose() -> Response:
    """Remember the language and go back to the page on which it was chosen."""
    answer = redirect(_here(request.form.get("back", "")), 303)
    chosen = request.form.get("language", "")
    if chosen in current_app.extensions[translation.CATALOGS]:
        answer.set_cookie(
            _cookie(),
            chosen,
            max_age=_YEAR_S,
            path="/",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return answer


@blueprint.app_context_processor
def way_back() -> dict[str, object]:
    """Templates get `back_here()`: an address of this site that shows the current page again."""
    return {"back_here": _back_here}


def _back_here() -> str:
    """A page that came of sending a form is shown anew by its address, where that can be opened at all."""
    if request.method in {"GET", "HEAD"}:
        return request.full_path.removesuffix("?")
    try:
        current_app.create_url_adapter(request).match(request.path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return url_for("sign_in.home")
    return request.path


def _here(address: str) -> str:
    """`address` if it is a path of this site; the first page for all else, whoever made that form."""
    own = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if own else url_for("sign_in.home")


def _cookie() -> str:
    return session_cookie.cookie_name("survey_language", https=current_app.config["SESSION_COOKIE_SECURE"])

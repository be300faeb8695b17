"""Pages for what went wrong: what happened, what it means, what to do; never a traceback."""

import logging

from flask import Flask, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from couch.errors import AccessDenied, BadDocument, CouchError, Unreachable
from webapp.headers import NotAtHome
from webapp.site import site
from webapp.translation import gettext

_log = logging.getLogger(__name__)
Answer = tuple[str, int]


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(CSRFError, _old_form)
    app.register_error_handler(NotAtHome, _not_at_home)
    app.register_error_handler(HTTPException, page_for)
    app.register_error_handler(Unreachable, _unreachable)
    app.register_error_handler(CouchError, _database)


def _old_form(_err: CSRFError) -> Answer:
    return _page(
        400,
        gettext("This form is too old"),
        gettext(
            "It was opened before you signed in or signed out. Nothing was changed. "
            "Go back, load the page again and send it once more."
        ),
    )


def _not_at_home(_err: NotAtHome) -> Answer:
    return _page(
        403,
        gettext("In the home network only"),
        gettext("This page opens for devices in the network of this household, not from elsewhere."),
    )


def page_for(err: HTTPException) -> Answer | Response:
    """The page that says what an HTTP error means."""
    code = err.code or 500
    if code < 400:
        return err.get_response()
    title, text = _words(code)
    return _page(code, title, text)


def _words(code: int) -> tuple[str, str]:
    match code:
        case 403:
            return gettext("Not for your role"), gettext("Your account may not open this page.")
        case 404:
            return gettext("No such page"), gettext(
                "There is nothing at this address. Use the links at the top of the page."
            )
        case 413:
            return gettext("Too large"), gettext("What you sent is larger than any form here needs.")
        case 421:
            return gettext("Not under this name"), gettext(
                "This service does not answer to the name in the address bar. Use the address that you were "
                "given, or add the name to `names` in the settings of the service."
            )
        case _ if code >= 500:
            return gettext("Something went wrong here"), gettext(
                "The service met an error and wrote it to its log. Nothing that you sent was half saved. "
                "Try again; if it repeats, tell the researchers."
            )
        case _:
            return gettext("That did not work"), gettext("The request was not one that this page knows.")


def _unreachable(err: Unreachable) -> Answer:
    _log.warning("%s", err)
    return render_template(site().unreachable_template), 503


def _database(err: CouchError) -> Answer:
    _log.error("%s", err)
    if isinstance(err, AccessDenied):
        text = gettext(
            "The database does not accept this service's account. "
            "Nothing was changed. Tell the researchers: the account in the settings is wrong."
        )
    elif isinstance(err, BadDocument):
        text = gettext(
            "A stored document cannot be understood; the log of the service names it. Tell the researchers."
        )
    else:
        text = gettext(
            "The database refused what this page asked of it; the log of the service says why. "
            "Tell the researchers."
        )
    return _page(502, gettext("The database said no"), text)


def _page(code: int, title: str, text: str) -> Answer:
    return render_template("error.html", title=title, text=text), code

"""The blueprint that all registration pages belong to, and what they ask of every request."""

import logging
import re

from flask import Blueprint, render_template, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response

from couch.errors import Fault
from couch.errors import NotFound as NoDatabase
from couch.names import RESEARCHER, household_database
from webapp.access import held_roles
from webapp.centre_services import services
from webapp.registration.services import RegistrationServices, registration
from webapp.registration.stored import StoredHousehold, read_stored
from webapp.translation import gettext

_log = logging.getLogger(__name__)
blueprint = Blueprint("registration", __name__, url_prefix="/households")
HOUSEHOLD = "/<uuid:household>"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@blueprint.app_context_processor
def _may_register() -> dict[str, bool]:
    """For pages of others that lead here: whether the reader may follow."""
    return {"may_register": RESEARCHER in held_roles()}


class NotHandedOver(HTTPException):
    """This service was started without the centre's settings: it shows households, it makes none."""

    code = 503


class NothingToCorrect(HTTPException):
    """The household's consent is revoked: its registration is erased, or is about to be."""

    code = 410


@blueprint.errorhandler(NotHandedOver)
def _not_handed_over(_err: NotHandedOver) -> tuple[str, int]:
    return render_template("registration/not_here.html"), 503


@blueprint.errorhandler(NothingToCorrect)
def _nothing_to_correct(_err: NothingToCorrect) -> tuple[str, int]:
    return render_template("registration/revoked.html", household=(request.view_args or {})["household"]), 410


@blueprint.errorhandler(Fault)
def _fault(err: Fault) -> tuple[str, int]:
    """Something only a person can mend, such as no authority for certificates, or a damaged table."""
    _log.warning("%s", err)
    return render_template("error.html", title=gettext("This cannot be done now"), text=str(err)), 503


def here() -> RegistrationServices:
    """What the pages work with. Raises NotHandedOver."""
    found = registration()
    if found is None:
        raise NotHandedOver
    return found


def stored(household: str) -> StoredHousehold:
    """What is stored of a household. Raises NotFound (404), NothingToCorrect, CouchError."""
    database = services().server().database(household_database(household))
    try:
        found = read_stored(database)
        if database.exists() and database.find("consent:revoked") is not None:
            raise NothingToCorrect
    except NoDatabase as err:  # it went between two requests: it is being erased
        raise NothingToCorrect from err
    if found is None:
        raise NotFound
    return found


__all__ = [
    "HOUSEHOLD",
    "UUID",
    "NotHandedOver",
    "NothingToCorrect",
    "Response",
    "blueprint",
    "here",
    "stored",
]

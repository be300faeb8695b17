"""The blueprint that all registration pages belong to, and what they ask of every request."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, render_template, request
from werkzeug.exceptions import HTTPException, NotFound

from couch.client import Database
from couch.documents import REVOKED_ID, Json
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


def known(household: str) -> None:
    """Raises NotFound (404), NothingToCorrect where its registration does not stand, CouchError."""
    _opened(household)


def stored(household: str) -> StoredHousehold:
    """What is stored of a household. Raises as `known`."""
    database, registration = _opened(household)
    with _standing():
        return read_stored(database, registration)


def _opened(household: str) -> tuple[Database, Json]:
    """The household's database and its registration."""
    database = services().server().database(household_database(household))
    if not database.exists():
        raise NotFound
    with _standing():
        if database.find(REVOKED_ID) is not None:
            raise NothingToCorrect
        registration = database.find("registration")
    if registration is None:
        raise NotFound
    return database, registration


@contextmanager
def _standing() -> Iterator[None]:
    """What goes between two requests is being erased."""
    try:
        yield
    except NoDatabase as err:
        raise NothingToCorrect from err


__all__ = [
    "HOUSEHOLD",
    "NotHandedOver",
    "NothingToCorrect",
    "blueprint",
    "here",
    "known",
    "stored",
]

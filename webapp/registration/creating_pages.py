"""A new household (FR-06). The form's draft gives every part its uuid: sent twice, it is stored once."""

import uuid

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from couch.errors import CouchError, Fault
from couch.names import RESEARCHER
from webapp.access import roles
from webapp.registration.blueprint import blueprint, here
from webapp.registration.checking import mark_of
from webapp.registration.entries import parse
from webapp.registration.form_page import FormPage, acted, checking, draft_of_request, empty_form, localized
from webapp.registration.household_table import household_id, household_table
from webapp.registration.typed import Row, Typed, typed_from
from webapp.translation import gettext

Answer = str | tuple[str, int] | Response


@blueprint.get("/new")
@roles(RESEARCHER)
def new() -> str:
    here()
    return FormPage(typed=empty_form(), draft=str(uuid.uuid4())).render()


@blueprint.post("/new")
@roles(RESEARCHER)
def create() -> Answer:
    services, draft = here(), draft_of_request()
    typed = _new_rows(typed_from(request.form))
    changed = acted(typed)
    if changed is not None:
        return FormPage(typed=changed, draft=draft).render()
    parsed = parse(typed, services.registrar.email_fault)
    if parsed.entries is None:
        return FormPage(typed=typed, draft=draft, faults=parsed.faults).render(), 422
    checked = checking().check(parsed.entries, use_place=typed.use_place, household=household_id(draft))
    mark = mark_of(checked.doubts)
    if mark != request.form.get("seen", ""):
        page = FormPage(typed=localized(typed), draft=draft, doubts=checked.doubts, mark=mark)
        return page.render(), 422
    try:
        made = services.registrar.create(household_table(checked.entries, draft))
    except (CouchError, Fault) as err:
        notice = gettext(
            "It was interrupted: %(why)s Part of it may be stored. Save this form again to complete it: "
            "nothing is stored twice.",
            why=str(err),
        )
        return FormPage(typed=typed, draft=draft, notice=notice, mark=mark).render(), 503
    kept = "yes" if made.left else None
    there = url_for("registration.devices", household=made.household, registered="yes", kept=kept)
    return redirect(there, 303)


def _new_rows(typed: Typed) -> Typed:
    """Nothing of a new household is stored yet: rows that claim it are no rows of this form."""

    def fresh(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(row for row in rows if not row.stored)

    return Typed(
        facts=typed.facts,
        devices=fresh(typed.devices),
        meters=fresh(typed.meters),
        systems=fresh(typed.systems),
        use_place=typed.use_place,
    )

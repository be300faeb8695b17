"""Correcting a household (FR-07): the same form over what is stored.

Two researchers at once: the form carries what it showed when it was opened, and whoever comes second sees
what changed in between before anything is written. Provisioning checks the revisions again when it writes.
"""

import logging
import uuid

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from couch.errors import Conflict, CouchError, Fault
from couch.names import RESEARCHER, household_database
from couch.registering import ChangedMeanwhile
from webapp.access import roles
from webapp.centre_services import services
from webapp.registration.blueprint import HOUSEHOLD, blueprint, here, known, stored
from webapp.registration.checking import mark_of
from webapp.registration.correcting import Correction, correction, recognized
from webapp.registration.entries import Faults, parse
from webapp.registration.form_page import FormPage, acted, checking, draft_of_request, localized
from webapp.registration.merging import Merged, from_text, merge, to_text
from webapp.registration.stored import StoredHousehold, typed_of
from webapp.registration.trouble import Trouble
from webapp.registration.typed import Typed, typed_from
from webapp.translation import gettext, marked

_log = logging.getLogger(__name__)
Answer = str | tuple[str, int] | Response


@blueprint.get(f"{HOUSEHOLD}/edit")
@roles(RESEARCHER)
def edit(household: object) -> Answer:
    here()
    found = stored(str(household))
    return _page(str(household), found, localized(typed_of(found)), str(uuid.uuid4())).render()


@blueprint.post(f"{HOUSEHOLD}/edit")
@roles(RESEARCHER)
def correct(household: object) -> Answer:
    found, draft = stored(str(household)), draft_of_request()
    now = typed_of(found)
    opened = from_text(request.form.get("opened", "")) or now
    merged = merge(opened, now, recognized(typed_from(request.form), now, draft))
    if merged.theirs:
        return _changed_meanwhile(str(household), found, draft, merged)
    typed = localized(merged.typed)
    changed = acted(typed)
    if changed is not None:
        return _page(str(household), found, changed, draft).render()
    parsed = parse(typed, here().registrar.email_fault)
    faults: Faults = {**parsed.faults, **_impossible(found, typed)}
    if parsed.entries is None or faults:
        return _page(str(household), found, typed, draft, faults=faults).render(), 422
    checked = checking().check(parsed.entries, use_place=typed.use_place, household=str(household))
    mark = mark_of(checked.doubts)
    if mark != request.form.get("seen", ""):
        return _page(str(household), found, typed, draft, doubts=checked.doubts, mark=mark).render(), 422
    wanted = correction(found, checked.entries, draft)
    if wanted.empty:
        notice = gettext("Nothing was changed: it says so already.")
        return _page(str(household), found, typed, draft, notice=notice).render()
    return _write(str(household), found, typed, draft, wanted)


def _write(household: str, found: StoredHousehold, typed: Typed, draft: str, wanted: Correction) -> Answer:
    email_changed = False
    try:
        if wanted.changes or wanted.removed:
            email_changed = here().registrar.correct(household, wanted.changes, wanted.removed, found.revs)
        database = services().server().database(household_database(household))
        for document in wanted.added:
            database.put_once(document.to_json())
    except (ChangedMeanwhile, Conflict):
        again = stored(household)
        return _changed_meanwhile(household, again, draft, merge(typed_of(found), typed_of(again), typed))
    except (CouchError, Fault) as err:
        _log.warning("a correction of household %s was interrupted: %s", household, err)
        notice = gettext(
            "It was interrupted: %(why)s Part of it may be stored; the form below is as you sent it. Save it "
            "again: what is stored already is not written twice.",
            why=str(err),
        )
        return FormPage(
            typed=typed, draft=draft, household=household, opened=to_text(typed_of(found)), notice=notice
        ).render(), 503
    told = "yes" if email_changed else None
    return redirect(url_for("registration.corrected", household=household, email=told), 303)


@blueprint.get(f"{HOUSEHOLD}/correction")
@roles(RESEARCHER)
def corrected(household: object) -> Answer:
    known(str(household))  # 404 where there is none
    under_way = here().registrar.open_correction(str(household))
    page = render_template(
        "registration/corrected.html",
        household=str(household),
        under_way=under_way,
        email_changed=request.args.get("email") == "yes",
    )
    answer = Response(page, mimetype="text/html")
    if under_way is not None and under_way.running:
        answer.headers["Refresh"] = "3"
    return answer


@blueprint.post(f"{HOUSEHOLD}/correction")
@roles(RESEARCHER)
def complete(household: object) -> Response:
    known(str(household))
    here().registrar.complete_correction(str(household))
    return redirect(url_for("registration.corrected", household=household), 303)


def _page(household: str, found: StoredHousehold, typed: Typed, draft: str, **more: object) -> FormPage:
    return FormPage(
        typed=typed,
        draft=draft,
        household=household,
        opened=to_text(typed_of(found)),
        measured=found.measured,
        **more,  # type: ignore[arg-type]  # the page's own fields
    )


def _changed_meanwhile(household: str, found: StoredHousehold, draft: str, merged: Merged) -> Answer:
    faults = {
        name: Trouble(
            marked("Somebody else changed this meanwhile; stored is: %(value)s"),
            {"value": merged.theirs[name]},
        )
        for name in sorted(merged.clashes)
    }
    notice = gettext(
        "Somebody else changed this household since you opened it. Nothing of yours was written. The form "
        "shows both: look it over and save again."
    )
    typed = localized(merged.typed)
    page = _page(household, found, typed, draft, faults=faults, notice=notice, theirs=merged.theirs)
    return page.render(), 409


def _impossible(found: StoredHousehold, typed: Typed) -> Faults:
    """What a correction cannot do."""
    faults: Faults = {}
    if found.location is not None and not typed["latitude"].strip() and not typed["longitude"].strip():
        faults["latitude"] = Trouble(marked("A position can be corrected, not taken away."))
    kept = {row.key for row in typed.meters}
    if found.measured - kept:
        faults["meters"] = Trouble(
            marked("A meter that has measurements cannot be removed: they would belong to nothing.")
        )
    devices = {row.key for row in typed.devices}
    if {device.device for device in found.devices} - devices:
        faults["devices"] = Trouble(
            marked(
                "A device is not removed here, since it has a certificate: revoke it or replace it with "
                "survey device revoke or survey device replace."
            )
        )
    return faults

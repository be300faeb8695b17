"""The pages of consent: its state and consequences, granting and revoking in two steps, and the receipt."""

from typing import cast

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp.access import PARTICIPANT, roles
from webapp.participant.consent_receipt import MEANS, ConsentReceipt, as_text, read_receipt, sending_words
from webapp.participant.consent_record import Step, read_consent, record_consent
from webapp.participant.sending import Sending, read_sending
from webapp.participant.services import services

blueprint = Blueprint("consent", __name__, url_prefix="/consent")
_STEP = "<any(granted, revoked):step>"


@blueprint.get("")
@roles(PARTICIPANT)
def state() -> str:
    replica = services().replica()
    record = read_consent(replica)
    decisions = [one.id for one in (record.granted, record.revoked) if one is not None]
    sending = dict(read_sending(replica, decisions))
    if record.revoked is not None and record.revoked.by.role == "researcher":
        sending[record.revoked.id] = Sending.SENT  # it came from there
    return render_template(
        "participant/consent.html", consent=record, sending=sending, sending_words=sending_words
    )


@blueprint.get(f"/{_STEP}")
@roles(PARTICIPANT)
def ask_again(step: str) -> str | AnyResponse:
    return _asking(_step(step), unticked=False)


@blueprint.post(f"/{_STEP}")
@roles(PARTICIPANT)
def decide(step: str) -> str | AnyResponse:
    if request.form.get("sure") != "yes":
        return _asking(_step(step), unticked=True)
    here = services()
    replica = here.replica()
    if read_consent(replica).allows(_step(step)):
        record_consent(replica, _step(step), device=here.device, now=here.clock.now())
    return redirect(url_for("consent.state"), 303)


@blueprint.get(f"/{_STEP}/receipt")
@roles(PARTICIPANT)
def receipt(step: str) -> str:
    return render_template(
        "participant/consent_receipt.html", receipt=_receipt(_step(step)), sending_words=sending_words
    )


@blueprint.get(f"/{_STEP}/receipt.txt")
@roles(PARTICIPANT)
def receipt_file(step: str) -> Response:
    answer = Response(as_text(_receipt(_step(step)), services().timezone), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="consent-{step}.txt"'
    return answer


def _receipt(step: Step) -> ConsentReceipt:
    here = services()
    replica = here.replica()
    found = read_receipt(replica, read_consent(replica), step, household=here.household, now=here.clock.now())
    return found or abort(404)


def _asking(step: Step, *, unticked: bool) -> str | AnyResponse:
    if not read_consent(services().replica()).allows(step):
        return redirect(url_for("consent.state"), 303)
    return render_template("participant/ask_again.html", step=step, means=MEANS[step], unticked=unticked)


def _step(name: str) -> Step:
    return cast(Step, name)  # the address takes no other

"""What is measured and why, and the copy of one's own data."""

from collections.abc import Iterator

from flask import Blueprint, Response, redirect, render_template, stream_with_context, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp.access import PARTICIPANT, roles
from webapp.participant.own_data import FILES, Copy
from webapp.participant.record_words import KINDS
from webapp.participant.services import DeviceServices, services
from webapp.participant.streamed_zip import zipped

blueprint = Blueprint("own_data", __name__, url_prefix="/data")


@blueprint.get("")
@roles(PARTICIPANT)
def explained() -> str:
    return render_template("participant/explained.html", kinds=KINDS, contact=services().contact)


@blueprint.get("/copy")
@roles(PARTICIPANT)
def copy() -> str:
    busy = services().copying.locked()
    return render_template("participant/copy.html", kinds=KINDS, files=FILES, busy=busy)


@blueprint.get("/copy.zip")
@roles(PARTICIPANT)
def download() -> AnyResponse:
    """One at a time: the page has two threads, and one stays for everything else."""
    here = services()
    here.replica().info()  # one that does not answer is said on a page, not by an archive that breaks off
    if not here.copying.acquire(blocking=False):
        return redirect(url_for("own_data.copy"), 303)
    answer = Response(stream_with_context(_archive(here)), mimetype="application/zip")
    answer.call_on_close(here.copying.release)
    day = here.clock.now().astimezone(here.timezone).date()
    answer.headers["Content-Disposition"] = f'attachment; filename="household-energy-{day.isoformat()}.zip"'
    return answer


def _archive(here: DeviceServices) -> Iterator[bytes]:
    now = here.clock.now()
    copy = Copy(here.replica(), here.household, here.device, now, here.timezone)
    return zipped(copy.files(), now.astimezone(here.timezone))

"""Households from a table: look at the file without writing anything, then register it row by row."""

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from couch.names import RESEARCHER
from webapp.access import roles
from webapp.registration.blueprint import blueprint, here
from webapp.registration.form_page import checking
from webapp.registration.import_check import Checked, check_file
from webapp.registration.import_template import explanation, template_csv, template_xlsx
from webapp.registration.imports import namespace_of
from webapp.registration.tables import LARGEST_BYTES, MOST_ROWS, TableFault
from webapp.translation import gettext
from webapp.upload_limits import takes_up_to

Answer = str | tuple[str, int] | Response
_FORM_BYTES = 64 * 1024  # around the file: boundaries and the form's token
_SHOWN = 500  # faults on one page
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/import")
@roles(RESEARCHER)
def bring() -> str:
    here()
    return _page()


@blueprint.post("/import")
@roles(RESEARCHER)
@takes_up_to(LARGEST_BYTES + _FORM_BYTES)
def check() -> Answer:
    """The dry run. What it found good is put aside, so that it need not be sent again."""
    services = here()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _page(fault=gettext("Choose a file.")), 422
    try:
        checked = check_file(
            sent.stream.read(LARGEST_BYTES + 1),
            namespace_of(services.folder),
            checking(),
            services.registrar.email_fault,
        )
    except TableFault as err:
        return _page(fault=err.trouble.in_words()), 422
    if checked.faults:
        return _page(checked=checked), 422
    return _page(checked=checked, token=services.imports.keep(checked.good))


@blueprint.post("/import/<uuid:batch>")
@roles(RESEARCHER)
def begin(batch: object) -> Response:
    imports = here().imports
    if imports.progress(str(batch)) is None:
        abort(404)
    imports.start(str(batch))
    return redirect(url_for("registration.imported", batch=batch), 303)


@blueprint.get("/import/<uuid:batch>")
@roles(RESEARCHER)
def imported(batch: object) -> Answer:
    progress = here().imports.progress(str(batch))
    if progress is None:
        abort(404)
    page = render_template("registration/imported.html", batch=str(batch), progress=progress)
    answer = Response(page, mimetype="text/html")
    if progress.running:
        answer.headers["Refresh"] = "3"
    return answer


@blueprint.get("/import/template.<any(xlsx,csv):form>")
@roles(RESEARCHER)
def template(form: str) -> Response:
    content, kind = (template_xlsx(), _XLSX) if form == "xlsx" else (template_csv(), "text/csv")
    return Response(
        content,
        mimetype=kind,
        headers={"Content-Disposition": f'attachment; filename="households.{form}"'},
    )


def _page(*, checked: Checked | None = None, fault: str = "", token: str = "") -> str:
    return render_template(
        "registration/import.html",
        checked=checked,
        fault=fault,
        token=token,
        columns=explanation(),
        most_rows=MOST_ROWS,
        shown=_SHOWN,
    )

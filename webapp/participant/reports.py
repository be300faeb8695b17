"""Mistakes in the registration that the participant reports: checked, written once, listed with a state."""

import logging
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from couch.client import Database
from couch.documents import Report, utc
from couch.documents.fields import UUID_PATTERN
from couch.errors import BadDocument, Conflict
from webapp.participant.sending import Sending, read_sending
from webapp.translation import gettext, ngettext

LONGEST = 4000  # characters as JavaScript counts them, where the rules are: an emoji is two
SHOWN = 50  # of one's own reports, the newest
_log = logging.getLogger(__name__)
_PREFIX = "report:"
_LINE_ENDS = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class Draft:
    """A report as it was typed; `form`: the uuid that was made when the form was shown."""

    form: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class OwnReport:
    report: Report
    sending: Sending


@dataclass(frozen=True, slots=True)
class OwnReports:
    """The newest ones first; `more`: how many older ones are not among them."""

    reports: tuple[OwnReport, ...]
    more: int = 0


def new_draft() -> Draft:
    return Draft(str(uuid.uuid4()))


def read_draft(form: Mapping[str, str]) -> Draft:
    """What was sent; a form that lost its uuid gets another one."""
    sent = form.get("form", "")
    text = _LINE_ENDS.sub("\n", form.get("text", "")).strip()
    return Draft(sent if re.fullmatch(UUID_PATTERN, sent) else new_draft().form, text)


def faults_of(draft: Draft) -> dict[str, str]:
    """What is wrong, by field; nothing: it can be recorded."""
    if not draft.text:
        return {"text": gettext("Please write what is wrong, and how it should be.")}
    over = _length(draft.text) - LONGEST
    if over > 0:
        return {
            "text": ngettext(
                "This is %(n)s character too long. Please shorten it, or send two reports.",
                "This is %(n)s characters too long. Please shorten it, or send two reports.",
                over,
            )
        }
    return {}


def record_report(replica: Database, draft: Draft, *, now: datetime) -> None:
    """Write it down once, however often the form is sent; another text from the same form is another report.

    Raises Refused, Unreachable.
    """
    number = uuid.uuid5(uuid.UUID(draft.form), draft.text)  # of this form and this text, always the same
    report = Report(report=str(number), at=utc(now), text=draft.text)
    try:
        replica.put_once(report.to_json())
    except Conflict:
        return  # it stands there, from another moment: the form was sent twice


def read_reports(replica: Database) -> OwnReports:
    """Raises CouchError."""
    found = []
    for doc in replica.documents(start=_PREFIX, end=f"{_PREFIX}\ufff0"):
        try:
            found.append(Report.from_json(doc))
        except BadDocument as err:
            _log.warning("a report is not shown: %s", err)
    found.sort(key=lambda report: report.at, reverse=True)
    shown = found[:SHOWN]
    sending = read_sending(replica, [report.id for report in shown])
    return OwnReports(
        tuple(OwnReport(report, sending[report.id]) for report in shown), len(found) - len(shown)
    )


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2

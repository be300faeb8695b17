"""The copy as one page: no script, nothing loaded from anywhere, each field explained in two languages."""

from collections.abc import Iterator
from html import escape
from typing import Any

from couch.documents import Json
from provisioning.rights.explanations import FIELDS, KINDS, Words

_STYLE = """
:root { color-scheme: light dark; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 3rem; border-bottom: 2px solid var(--line); }
h3 { margin: 2rem 0 .3rem; font-size: 1.05rem; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; width: 38%; } td { overflow-wrap: anywhere; }
table.list th { width: auto; } .en { opacity: .75; font-weight: 400; } code { font-size: .9em; }
td table { margin: 0; }
@media print { body { max-width: none; margin: 0; } h2 { break-after: avoid; } }
"""
_INTRO = Words(
    "Diese Auskunft enthält alles, was die Zentrale der Erhebung zu Ihrem Haushalt gespeichert hat (Artikel "
    "15 DSGVO). Die Dateien daneben sind für Programme lesbar und dürfen weitergegeben werden (Artikel 20). "
    "Ihre Messgeräte im Haus bewahren außerdem auf, was auf deren eigener Seite zu sehen ist. Sie können "
    "Berichtigung, Löschung und Einschränkung verlangen, die Einwilligung jederzeit widerrufen und sich bei "
    "einer Aufsichtsbehörde beschweren.",
    "This copy holds everything that the survey's centre keeps about your household (article 15 GDPR). The "
    "files beside it can be read by programs and passed on (article 20). The devices in your home also keep "
    "what their own page shows. You can ask for rectification, erasure and restriction, revoke your consent "
    "at any time, and complain to a supervisory authority.",
)
_PURPOSE = Words(
    "Zweck: Forschung zu Verbrauch und Erzeugung von Energie in Haushalten. Rechtsgrundlage: Ihre "
    "Einwilligung. Empfänger: die Forschenden und die Verwaltung der Erhebung; Auswertende erhalten "
    "Messungen und Angaben nur unter Pseudonymen. Dauer: bis Sie widerrufen; danach bleiben Messungen unter "
    "Pseudonym mit ungefährem Ort, bis Sie auch deren Löschung verlangen. Es gibt keine automatisierte "
    "Entscheidung über Sie.",
    "Purpose: research on energy that households use and generate. Legal basis: your consent. Recipients: "
    "the survey's researchers and administrators; analysts get measurements and facts under pseudonyms "
    "only. Duration: until you revoke; then measurements stay under a pseudonym with a place nearby, until "
    "you ask for their erasure as well. Nothing is decided about you automatically.",
)
_PSEUDONYM = Words(
    "Auswertende sehen Ihren Haushalt nur unter diesen Namen. Sie entstehen aus den Kennungen mit einem "
    "geheimen Schlüssel (HMAC-SHA-256), den allein die Zentrale hat: Ohne ihn führt kein Weg zurück.",
    "Analysts see your household under these names alone. They are made of the ids with a secret key "
    "(HMAC-SHA-256) that only the centre has: without it there is no way back.",
)
_SECTIONS = {
    "household": Words("Ihr Haushalt in der Zentrale", "Your household at the centre"),
    "access": Words("Wer zugreifen darf", "Who may enter"),
    "registry": Words("Verzeichnis der Haushalte", "Registry of households"),
    "research": Words("In der Forschung, unter Pseudonym", "In research, under a pseudonym"),
    "exports": Words("Herausgegebene Datensätze", "Data sets that went out"),
    "devices": Words("Ausweise Ihrer Geräte", "Certificates of your devices"),
    "accounts": Words("Datenbankkonten Ihrer Geräte", "Database accounts of your devices"),
}
_NONE = Words("Hier ist nichts gespeichert.", "Nothing is held here.")
FILES = {
    "measurements.ndjson": Words("Ihre Messungen, wie gespeichert", "Your measurements as they are stored"),
    "measurements.csv": Words("dieselben als Tabelle", "the same as a table"),
    "gaps.ndjson": Words("Lücken in den Messungen", "Gaps in the measurements"),
    "gaps.csv": Words("dieselben als Tabelle", "the same as a table"),
    "revisions.ndjson": Words(
        "Fassungen neben den gültigen, Reste gelöschter Einträge",
        "Revisions beside the valid ones, remains of deleted records",
    ),
    "research.ndjson": Words(
        "Messungen und Lücken in der Forschung, unter Pseudonym",
        "Measurements and gaps in research, under pseudonyms",
    ),
    "records.json": Words("alles auf dieser Seite", "everything on this page"),
}


def page(copied: Json) -> Iterator[str]:
    """The page of what `Copied.to_json` gives, in pieces."""
    yield (
        '<!DOCTYPE html>\n<html lang="de"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>Auskunft / Copy of your data</title>"
        f"<style>{_STYLE}</style></head><body>"
        "<h1>Ihre Daten in der Erhebung<br>"
        '<span class="en" lang="en">Your data in the survey</span></h1>'
    )
    for words in (_INTRO, _PURPOSE):
        yield _paragraph(words)
    yield _table({"household": copied["household"], "at": copied["made_at"]})
    yield _heading(Words("Pseudonyme", "Pseudonyms")) + _paragraph(_PSEUDONYM)
    yield _list(copied["pseudonyms"])
    yield _heading(Words("Messungen", "Measurements"))
    yield _list([{"meter": meter, **count} for meter, count in copied["meters"].items()])
    yield _heading(Words("Messungen in der Forschung", "Measurements in research"))
    yield _list([{"meter": meter, **count} for meter, count in copied["research_meters"].items()])
    for name, words in _SECTIONS.items():
        yield _heading(words)
        records = copied["records"].get(name, [])
        if not records:
            yield _paragraph(_NONE)
        for record in records:
            yield f"<h3>{_both(kind_of(record))}</h3>"
            yield _table(record)
    yield _heading(Words("Dateien", "Files"))
    yield '<table class="list">'
    for file in copied["files"]:
        words = FILES.get(file["name"], KINDS[""])
        yield (
            f"<tr><th><code>{escape(file['name'])}</code></th><td>{_both(words)}</td>"
            f"<td>{file['records']}</td><td><code>{escape(file['sha256'])}</code></td></tr>"
        )
    yield "</table></body></html>\n"


def kind_of(record: Json) -> Words:
    """What the record is: by its type, or by its name where it has none."""
    kind = record.get("type") or str(record.get("_id", "")).removeprefix("_local/").split(":", 1)[0]
    return KINDS.get(str(kind), KINDS[""])


def _table(record: Json) -> str:
    rows = (
        f"<tr><th>{_label(name)}</th><td>{_value(value)}</td></tr>"
        for name, value in record.items()
        if name not in ("_rev", "type")
    )
    return f"<table>{''.join(rows)}</table>"


def _list(records: list[Json]) -> str:
    if not records:
        return _paragraph(_NONE)
    columns = list(dict.fromkeys(name for record in records for name in record))
    head = "".join(f"<th>{_label(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_value(record.get(name, ''))}</td>" for name in columns) + "</tr>"
        for record in records
    )
    return f'<table class="list"><tr>{head}</tr>{body}</table>'


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return _table(value) if value else "-"
    if isinstance(value, list):
        if not value:
            return "-"
        return "".join(
            _table(each) if isinstance(each, dict) else f"{escape(str(each))}<br>" for each in value
        )
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "ja / yes" if value else "nein / no"
    return escape(str(value))


def _label(name: str) -> str:
    words = FIELDS.get(name)
    return f"<code>{escape(name)}</code>" if words is None else _both(words)


def _heading(words: Words) -> str:
    return f"<h2>{_both(words)}</h2>"


def _paragraph(words: Words) -> str:
    return f'<p>{escape(words.de)}</p><p class="en" lang="en">{escape(words.en)}</p>'


def _both(words: Words) -> str:
    return f'{escape(words.de)} <span class="en" lang="en">/ {escape(words.en)}</span>'

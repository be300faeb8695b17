"""Bring a domain's catalogues up to date with its sources and compile them (`make translations`).

Texts that are gone leave the catalogue; new ones stand there without a translation, and are counted.
"""

import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po
from catalogue_texts import DOMAINS, LANGUAGES, catalogue_file, extracted, stored, texts

_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)  # the same texts give the same file


def main(chosen: list[str]) -> int:
    """Exit code 1 where a text has no translation yet, 2 for a domain that there is not."""
    if unknown := [domain for domain in chosen if domain not in DOMAINS]:
        print(f"no domain {', '.join(unknown)}; there are {', '.join(DOMAINS)}", file=sys.stderr)
        return 2
    missing = 0
    for domain in chosen or DOMAINS:
        template = extracted(domain)
        for language in LANGUAGES:
            catalogue = stored(language, domain)
            catalogue.update(template, no_fuzzy_matching=True)
            catalogue.obsolete.clear()
            catalogue.header_comment = f"# Texts of the pages, domain {domain}, in the language {language}."
            catalogue.project, catalogue.version = "household-energy-survey", ""
            missing += _tell(catalogue, language)
            _write(catalogue, language)
    return 1 if missing else 0


def _tell(catalogue: Catalog, language: str) -> int:
    """Print what has no translation yet; how many."""
    silent = [message for message in texts(catalogue) if not _translated(message.string)]
    count = sum(1 for _ in texts(catalogue))
    print(f"{language} {catalogue.domain}: {count} texts, {len(silent)} without a translation")
    for message in silent:
        print(f"  {message.id!r}")
    return len(silent)


def _translated(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


def _write(catalogue: Catalog, language: str) -> None:
    file = catalogue_file(language, catalogue.domain or "")
    file.parent.mkdir(parents=True, exist_ok=True)
    catalogue.fuzzy = False
    text = BytesIO()
    write_po(text, catalogue, width=110, omit_header=False, include_lineno=False, sort_output=True)
    _replace(file, _without_dates(text.getvalue()))
    compiled, written = BytesIO(), stored(language, catalogue.domain or "")
    written.creation_date = written.revision_date = _NO_DATE
    write_mo(compiled, written)
    _replace(file.with_suffix(".mo"), compiled.getvalue())


def _without_dates(text: bytes) -> bytes:
    """Without the lines of the head that would change with every run or name nobody."""
    names = ("POT-Creation-Date", "PO-Revision-Date", "Generated-By", "Last-Translator", "Language-Team")
    idle = tuple(f'"{name}'.encode() for name in (*names, "Report-Msgid-Bugs-To"))
    return b"\n".join(line for line in text.split(b"\n") if not line.startswith(idle))


def _replace(file: Path, content: bytes) -> None:
    if not file.exists() or file.read_bytes() != content:
        file.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

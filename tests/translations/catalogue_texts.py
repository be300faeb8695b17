"""The texts of the pages by domain, as Babel finds them in the sources, and their catalogues.

For development only: what serves pages reads compiled catalogues with the standard library.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
LOCALES = ROOT / "webapp" / "locale"
LANGUAGES = ("de",)
SHARED = "shared"
# Folder below webapp/ or webapp/templates/ whose texts are the domain's; the first one that fits.
FOLDERS = {
    "participant/energy": "energy",
    "participant": "participant",
    "researcher": "researcher",
    "registration": "registration",
    "administrator": "administrator",
    "analyst": "analyst",
}
DOMAINS = (SHARED, *dict.fromkeys(FOLDERS.values()))
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None}
_TEMPLATES = {"trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}


def domain_of(source: Path) -> str:
    """The domain of a source file below webapp/; what no folder claims is shared."""
    path = source.relative_to(ROOT / "webapp").as_posix().removeprefix("templates/")
    return next((domain for folder, domain in FOLDERS.items() if path.startswith(f"{folder}/")), SHARED)


def sources(domain: str) -> Iterator[Path]:
    """The files whose texts are the domain's."""
    webapp = ROOT / "webapp"
    for file in sorted([*webapp.rglob("*.py"), *(webapp / "templates").rglob("*.html")]):
        if domain_of(file) == domain:
            yield file


@cache
def extracted(domain: str) -> Catalog:
    """All texts of a domain, untranslated. What the shared domain has too is left to it."""
    return _extracted(domain, frozenset() if domain == SHARED else _ids(extracted(SHARED)))


def stored(language: str, domain: str) -> Catalog:
    """The catalogue in the repository; an empty one where there is none yet."""
    file = catalogue_file(language, domain)
    if not file.exists():
        return Catalog(locale=language, domain=domain)
    with file.open("rb") as stream:
        return read_po(stream, locale=language, domain=domain)


def catalogue_file(language: str, domain: str) -> Path:
    """Where translators write."""
    return LOCALES / language / "LC_MESSAGES" / f"{domain}.po"


def texts(catalogue: Catalog) -> Iterator[Message]:
    """Its messages without the head."""
    return (message for message in catalogue if message.id)


def _ids(catalogue: Catalog) -> frozenset[str | tuple[str, ...]]:
    return frozenset(_id(message.id) for message in texts(catalogue))


def _id(found: object) -> str | tuple[str, ...]:
    return tuple(found) if isinstance(found, list | tuple) else str(found)


def _extracted(domain: str, without: frozenset[str | tuple[str, ...]]) -> Catalog:
    found = Catalog(domain=domain, charset="utf-8")
    for file in sources(domain):
        method = "jinja2.ext:babel_extract" if file.suffix == ".html" else "python"
        for line, text, _comments, _context in extract_from_file(
            method, file, keywords=_KEYWORDS, options=_TEMPLATES if file.suffix == ".html" else {}
        ):
            if _id(text) not in without:
                found.add(text, locations=[(file.relative_to(ROOT).as_posix(), line)])
    return found

"""Texts in the reader's language, by the standard library's gettext.

Not Flask-Babel: it loads Babel's locale data (10 MB and more of resident memory), and the device has little.
Catalogues are `locale/<language>/LC_MESSAGES/<domain>.mo`, one domain for each area of the pages, and a site
loads its own domains alone. English needs none, it is the text itself.
"""

from collections.abc import Iterable, Mapping
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Literal, cast

from flask import Flask, current_app, g, has_request_context, request

Language = Literal["en", "de"]

CATALOGS = "survey_catalogs"  # in app.extensions
SHARED = "shared"  # the domain that every site has
NAMES: Mapping[Language, str] = {"en": "English", "de": "Deutsch"}  # each as its speakers call it
LOCALES = Path(__file__).parent / "locale"


def catalogs(domains: Iterable[str] = (SHARED,), folder: Path = LOCALES) -> dict[str, NullTranslations]:
    """For each language one catalogue of all `domains`; English is always among them."""
    found: dict[str, NullTranslations] = {"en": NullTranslations()}
    domains = tuple(domains)
    for language_folder in sorted(folder.glob("*/LC_MESSAGES")):
        files = [file for domain in domains if (file := language_folder / f"{domain}.mo").exists()]
        if files:
            found[language_folder.parent.name] = _chained(files)
    return {name: found[name] for name in NAMES if name in found}


def install(app: Flask, available: dict[str, NullTranslations]) -> None:
    """Give templates `_()`, `gettext` and `ngettext`, and each request the language its reader prefers."""
    app.extensions[CATALOGS] = available
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        _plain, _plural, newstyle=True
    )
    app.jinja_env.policies["ext.i18n.trimmed"] = True


def speak(chosen: str | None) -> None:
    """Answer this request in the language `chosen`, else in the one that the browser prefers."""
    available: dict[str, NullTranslations] = _app_catalogs()
    name = chosen if chosen in available else request.accept_languages.best_match(available, default="en")
    g.language = name
    g.translations = available[name or "en"]


def language() -> Language:
    """The language of this request; English outside of one."""
    return cast(Language, g.language) if has_request_context() and "language" in g else "en"


def gettext(text: str, /, **values: object) -> str:
    """`text` in the reader's language, with `%(name)s` filled in from `values`."""
    return _plain(text) % values if values else _plain(text)


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """`one` or `many`, as the reader's language wants for `n`; `%(n)s` is filled in."""
    return _plural(one, many, n) % {"n": n, **values}


def marked(text: str) -> str:
    """Mark a text in a table for extraction; it is translated where it is shown."""
    return text


def _chained(files: Iterable[Path]) -> NullTranslations:
    """One catalogue: what the first file does not know is looked up in the next."""
    first: NullTranslations | None = None
    for file in files:
        with file.open("rb") as stream:
            catalogue = GNUTranslations(stream)
        if first is None:
            first = catalogue
        else:
            first.add_fallback(catalogue)
    return first or NullTranslations()


def _app_catalogs() -> dict[str, NullTranslations]:
    found: dict[str, NullTranslations] = current_app.extensions[CATALOGS]
    return found


def _current() -> NullTranslations:
    if has_request_context() and "translations" in g:
        translations: NullTranslations = g.translations
        return translations
    return NullTranslations()


def _plain(text: str) -> str:
    return _current().gettext(text)


def _plural(one: str, many: str, n: int) -> str:
    return _current().ngettext(one, many, n)

"""Texts in the reader's language, by the standard library's gettext.

Not Flask-Babel: it loads Babel's locale data (10 MB and more of resident memory), and the device has little.
Catalogs are `locale/<language>/LC_MESSAGES/messages.mo`; English needs none, it is the text itself.
"""

from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from flask import Flask, g, has_request_context, request

CATALOGS = "survey_catalogs"  # in app.extensions
_LOCALES = Path(__file__).parent / "locale"


def catalogs(folder: Path = _LOCALES) -> dict[str, NullTranslations]:
    """Every catalog in `folder` by its language, English among them."""
    found: dict[str, NullTranslations] = {"en": NullTranslations()}
    for file in sorted(folder.glob("*/LC_MESSAGES/messages.mo")):
        with file.open("rb") as stream:
            found[file.parts[-3]] = GNUTranslations(stream)
    return found


def install(app: Flask, available: dict[str, NullTranslations]) -> None:
    """Give templates `_()`, `gettext` and `ngettext`, and each request the language its reader prefers."""
    app.extensions[CATALOGS] = available
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        _plain, _plural, newstyle=True
    )
    app.jinja_env.policies["ext.i18n.trimmed"] = True

    @app.before_request
    def choose() -> None:
        g.language = request.accept_languages.best_match(list(available), default="en")
        g.translations = available[g.language]


def gettext(text: str, /, **values: object) -> str:
    """`text` in the reader's language, with `%(name)s` filled in from `values`."""
    return _plain(text) % values if values else _plain(text)


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """`one` or `many`, as the reader's language wants for `n`; `%(n)s` is filled in."""
    return _plural(one, many, n) % {"n": n, **values}


def marked(text: str) -> str:
    """Mark a text in a table for extraction; it is translated where it is shown."""
    return text


def _current() -> NullTranslations:
    if has_request_context() and "translations" in g:
        translations: NullTranslations = g.translations
        return translations
    return NullTranslations()


def _plain(text: str) -> str:
    return _current().gettext(text)


def _plural(one: str, many: str, n: int) -> str:
    return _current().ngettext(one, many, n)

"""Every text of the pages has its German, compiled, with the same places for values."""

import re
import sys
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Message

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from catalogue_texts import DOMAINS, LANGUAGES, catalogue_file, extracted, stored, texts

from webapp.translation import catalogs

_PLACE = re.compile(r"%\((\w+)\)[sd]|%%")
EVERY = [(language, domain) for language in LANGUAGES for domain in DOMAINS]
UPDATE = "run: make translations DOMAIN="


def _ids(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, tuple | list) else (str(message.id),)


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, tuple | list) else (str(message.string),)


@pytest.mark.parametrize(("language", "domain"), EVERY)
def test_every_text_is_translated(language: str, domain: str) -> None:
    known = {_ids(message): _strings(message) for message in texts(stored(language, domain))}
    missing = [ids for m in texts(extracted(domain)) if not all(known.get(ids := _ids(m), ("",)))]
    assert missing == [], UPDATE + domain


@pytest.mark.parametrize(("language", "domain"), EVERY)
def test_a_translation_has_the_places_for_values_of_its_text(language: str, domain: str) -> None:
    for message in texts(stored(language, domain)):
        assert not message.fuzzy, message.id
        wanted = {place for text in _ids(message) for place in _PLACE.findall(text)}
        for string in _strings(message):
            found = set(_PLACE.findall(string))
            assert found <= wanted, (message.id, string)
            assert found == wanted or len(_ids(message)) == 2, (message.id, string)


@pytest.mark.parametrize(("language", "domain"), EVERY)
def test_what_is_compiled_is_what_was_written(language: str, domain: str) -> None:
    file = catalogue_file(language, domain)
    if not any(True for _ in texts(extracted(domain))):
        return
    with file.with_suffix(".mo").open("rb") as stream:
        compiled = GNUTranslations(stream)
    for message in texts(stored(language, domain)):
        ids, strings = _ids(message), _strings(message)
        if len(ids) == 2:
            assert (compiled.ngettext(*ids, 1), compiled.ngettext(*ids, 2)) == strings, UPDATE + domain
        else:
            assert compiled.gettext(ids[0]) == strings[0], UPDATE + domain


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_text_has_one_translation_on_a_site(language: str) -> None:
    """Catalogues are asked one after the other, so that a second translation would never be seen."""
    said: dict[tuple[str, ...], tuple[str, ...]] = {}
    for domain in DOMAINS:
        if domain in {"participant", "energy"}:  # the device's; no page of the centre has them
            continue
        for message in texts(stored(language, domain)):
            assert said.setdefault(_ids(message), _strings(message)) == _strings(message), domain


def test_a_site_asks_its_own_catalogues_alone() -> None:
    device = catalogs(("shared", "participant", "energy"))["de"]
    assert device.gettext("Sign in") == "Anmelden"
    assert catalogs(())["en"].gettext("Sign in") == "Sign in"
    assert list(catalogs(())) == ["en"]

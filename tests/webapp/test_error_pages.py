"""What went wrong is said in the reader's language, with what to do next, and never with a traceback."""

from typing import Any

import pytest

from couch.errors import AccessDenied, Unreachable
from webapp import access

GERMAN = {"Accept-Language": "de"}
# status: the heading in both languages
HEADINGS = {
    400: ("This form is too old", "Dieses Formular ist zu alt"),
    403: ("Not for your role", "Nicht für Ihre Rolle"),
    404: ("No such page", "Diese Seite gibt es nicht"),
    413: ("Too large", "Zu groß"),
    421: ("Not under this name", "Nicht unter diesem Namen"),
    500: ("Something went wrong here", "Hier ging etwas schief"),
    502: ("The database said no", "Die Datenbank hat abgelehnt"),
    503: ("The database does not answer", "Die Datenbank antwortet nicht"),
}


def _answer(centre: Any, status: int, headers: dict[str, str]) -> Any:
    """What a person meets who runs into that status."""
    match status:
        case 403:
            return centre.signed_in("anna").get("/households", headers=headers)
        case 400:
            return centre.visitor().client.post("/sign-in", data={"name": "x"}, headers=headers)
        case 413:
            return centre.visitor().client.post("/sign-in", data={"name": "x" * 10**6}, headers=headers)
        case 421:
            return centre.visitor().get("/sign-in", headers={**headers, "Host": "evil.example"})
        case 404:
            return centre.visitor().get("/no/such/page", headers=headers)
        case _:
            return centre.visitor().get(f"/broken/{status}", headers=headers)


@pytest.fixture
def breaking_centre(own_centre: Any) -> Any:
    """A centre with pages that meet the errors of a database, and one that its maker did not think of."""
    errors = {500: KeyError("a secret detail"), 502: AccessDenied("x"), 503: Unreachable("http://10.0.0.1")}

    @access.public
    def broken(status: int) -> str:
        raise errors[status]

    own_centre.app.add_url_rule("/broken/<int:status>", "broken", broken)
    return own_centre


@pytest.mark.parametrize("status", HEADINGS)
@pytest.mark.parametrize("german", [False, True], ids=["en", "de"])
def test_an_error_has_a_page_in_the_readers_language(
    breaking_centre: Any, status: int, german: bool, caplog: pytest.LogCaptureFixture
) -> None:
    answer = _answer(breaking_centre, status, GERMAN if german else {})
    assert answer.status_code == status
    text = answer.get_data(as_text=True)
    assert f"<h1>{HEADINGS[status][german]}</h1>" in text
    assert f'<html lang="{"de" if german else "en"}">' in text
    for detail in ("Traceback", "a secret detail", "10.0.0.1"):
        assert detail not in text

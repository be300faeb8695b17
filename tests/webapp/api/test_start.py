"""From the settings of the centre to an API, or to a refusal in one line."""

import base64
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from couch.clock import Clock
from couch.errors import Fault
from couch.secret import Secret
from couch.settings import Endpoint
from webapp.access import check_declarations
from webapp.api.start import device_api
from webapp.centre import centre_site
from webapp.centre_services import CentreServices
from webapp.factory import create_app
from webapp.settings import CentreWebSettings, load_centre_web


@pytest.fixture
def services(own_centre: Any) -> CentreServices:
    return CentreServices(
        server=lambda: own_centre.server, accounts=own_centre.accounts, clock=Clock(), timezone=UTC
    )


@pytest.fixture
def settings(tmp_path: Path) -> CentreWebSettings:
    for name, text in (("proxy", "p" * 43), ("tokens", base64.b64encode(b"k" * 32).decode())):
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_text(text + "\n")
    return CentreWebSettings(
        couchdb=Endpoint("http://127.0.0.1:1", "pages", Secret("x")),
        proxy_secret_file=tmp_path / "proxy",
        token_key_file=tmp_path / "tokens",
    )


def test_the_centres_site_serves_pages_and_the_api(services: Any, settings: Any) -> None:
    app = create_app(centre_site(services, device_api(settings, services)), secret=b"k" * 32, cookie="centre")
    check_declarations(app)
    client = app.test_client()
    assert client.get("/api").status_code == 200
    assert client.get("/account").json["type"] == "/api#certificate-required"
    assert client.get("/management/household").json["type"] == "/api#sign-in-required"
    assert client.get("/sign-in").status_code == 200
    rules = [
        (rule.rule, method) for rule in app.url_map.iter_rules() for method in rule.methods - {"OPTIONS"}
    ]
    assert len(rules) == len(set(rules)), "two routes want the same address"


def test_without_keys_there_is_no_api(services: Any) -> None:
    settings = CentreWebSettings(couchdb=Endpoint("http://127.0.0.1:1", "pages", Secret("x")))
    assert device_api(settings, services) == ()


@pytest.mark.parametrize("name", ["proxy", "tokens"])
def test_a_key_that_others_can_read_is_refused(
    services: Any, settings: Any, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).chmod(0o644)
    with pytest.raises(Fault, match="chmod 600"):
        device_api(settings, services)


def test_a_key_that_is_no_base64_or_too_short_is_refused(
    services: Any, settings: Any, tmp_path: Path
) -> None:
    for text, words in (("no base64!", "not base64"), (base64.b64encode(b"short").decode(), "5 bytes")):
        (tmp_path / "tokens").write_text(text)
        with pytest.raises(Fault, match=words) as caught:
            device_api(settings, services)
        assert text not in str(caught.value)


@pytest.mark.parametrize("name", ["proxy_secret_file", "token_key_file"])
def test_one_key_without_the_other_is_a_fault(services: Any, settings: Any, name: str) -> None:
    known = {"couchdb": settings.couchdb, name: getattr(settings, name)}
    with pytest.raises(Fault, match="Name the other one"):
        device_api(CentreWebSettings(**known), services)


def test_paths_begin_at_the_folder_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "centre_web.toml"
    file.touch(0o600)
    file.write_text(
        'proxy_secret_file = "proxy"\ntoken_key_file = "/keys/tokens"\n'
        '[couchdb]\nurl = "http://127.0.0.1:1"\nuser = "pages"\npassword = "x"\n'
    )
    settings = load_centre_web(file, {})
    assert (settings.proxy_secret_file, settings.token_key_file) == (tmp_path / "proxy", Path("/keys/tokens"))

"""`survey edge init` and `survey edge status` against a real database."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from couch.errors import Fault
from edge.commands import edge
from edge.erasure import Erasure
from edge.heartbeat import Vitals
from edge.links import Links
from edge.settings import load_settings
from edge.transmission import TransmissionSession


@pytest.fixture
def config(site: Any, tmp_path: Path) -> Path:
    """The settings of the site as a file."""
    local = site.settings.local
    accounts = {name: getattr(local, name) for name in ("admin", "agent", "page", "pull", "push")}
    users = {name: (one.user, one.password.reveal()) for name, one in accounts.items()}
    lines = [
        f'device = "{site.settings.device}"',
        f'household = "{site.settings.household}"',
        "[local]",
        f'url = "{local.url}"',
        *(f'{name} = {{ user = "{user}", password = "{word}" }}' for name, (user, word) in users.items()),
        "[centre]",
        f'url = "{site.settings.centre.url}"',
        f'user = "{site.settings.centre.user}"',
        f'password = "{site.settings.centre.password.reveal()}"',
    ]
    file = tmp_path / "device.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    file.chmod(0o600)
    return file


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(edge, arguments, catch_exceptions=False)


def test_init_can_be_repeated_and_keeps_the_consent(site: Any, config: Path) -> None:
    site.consent("granted")
    site.gate().look()
    before = site.replica.security()
    for _ in range(2):
        assert "is ready" in invoke("init", "--config", str(config)).output
    assert site.replica.security() == before
    assert before["members"]["roles"]


def test_status_tells_people_and_scripts_the_same(site: Any, config: Path) -> None:
    assert "no heartbeat yet" in invoke("status", "--config", str(config)).output
    site.consent("granted")
    assert TransmissionSession(site.links, site.clock, Vitals()).transmit()
    shown = json.loads(invoke("status", "--config", str(config), "--json").output)
    assert (shown["consent"], shown["rules"]) == ("granted", "granted")
    assert shown["heartbeat"]["backlog"] == 1
    text = invoke("status", "--config", str(config)).output
    assert "consent: granted" in text
    assert "waiting for the centre: 1 documents" in text


def test_status_tells_how_far_an_erasure_is_and_init_leaves_it_alone(site: Any, config: Path) -> None:
    site.consent("granted")
    settings = load_settings(config, {})
    erasure = Erasure(Links(settings), site.clock)
    erasure.begin()
    assert "erased here: never" in invoke("status", "--config", str(config)).output
    erasure.erase()
    shown = json.loads(invoke("status", "--config", str(config), "--json").output)
    assert (shown["consent"], shown["erasure"]["unsent_measurements"]) == ("revoked", 0)
    assert shown["erasure"]["erased_at"] is not None
    text = invoke("status", "--config", str(config)).output
    assert "confirmed to the centre: never" in text
    with pytest.raises(Fault, match="erased"):
        invoke("init", "--config", str(config))

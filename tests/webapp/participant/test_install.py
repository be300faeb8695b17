"""What makes the page installable, and what a browser keeps of it: nothing of anybody."""

import json
import re
import struct
from pathlib import Path
from typing import Any

import pytest

import webapp

STATIC = Path(webapp.__file__).parent / "static"


@pytest.mark.parametrize(("code", "short"), [("en", "Energy"), ("de", "Energie")])
def test_the_manifest_is_there_in_both_languages_with_icons_of_the_size_that_it_says(
    device: Any, code: str, short: str
) -> None:
    visitor = device.visitor()
    answer = visitor.get(f"/app-{code}.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    manifest = json.loads(answer.text)
    assert (manifest["lang"], manifest["short_name"], manifest["display"]) == (code, short, "standalone")
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    assert "maskable" in {icon["purpose"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        picture = visitor.client.get(icon["src"], buffered=True)
        assert picture.mimetype == "image/png"
        width, height = struct.unpack(">II", picture.data[16:24])
        assert f"{width}x{height}" == icon["sizes"]


def shell(device: Any, language: str = "en") -> dict[str, Any]:
    script = device.visitor().get(f"/service-worker.js?language={language}").text
    found = re.match(r"const SHELL = (\{.*?\});\n", script)
    assert found is not None
    read: dict[str, Any] = json.loads(found[1])
    return read


def test_the_worker_keeps_the_shell_alone_and_each_part_of_it_is_there(device: Any) -> None:
    kept = shell(device)
    visitor = device.visitor()
    for path in (*kept["files"], kept["offline"]):
        assert visitor.client.get(path, buffered=True).status_code == 200, path
    assert all(path.startswith("/static/") for path in kept["files"])
    needed = re.findall(r'(?:href|src)="(/static/[^"]+)"', visitor.get(kept["offline"]).text)
    assert {path for path in needed if ".png" not in path} <= set(kept["files"])


def test_the_worker_changes_with_what_it_keeps_and_follows_the_reader_s_language(device: Any) -> None:
    english, german = shell(device), shell(device, "de")
    assert (english["offline"], german["offline"]) == ("/offline/en", "/offline/de")
    assert english["version"] != german["version"]


def test_nothing_but_the_shell_is_ever_put_into_the_browser_s_store() -> None:
    script = (STATIC / "service-worker.js").read_text()
    assert script.count("cache.add") == 1
    assert ".put(" not in script
    assert 'credentials: "omit"' in script


def test_the_offline_page_is_the_same_for_everybody_and_holds_no_form(device: Any) -> None:
    stranger, participant = device.visitor().get("/offline/de"), device.participant().get("/offline/de")
    assert stranger.text == participant.text
    for private in ("<form", "csrf", "/overview"):
        assert private not in stranger.text
    assert "Set-Cookie" not in stranger.headers
    assert 'lang="de"' in stranger.text


def test_every_page_names_the_manifest_and_registers_the_worker(device: Any) -> None:
    page = device.visitor().get("/sign-in").text
    assert 'rel="manifest" href="/app-en.webmanifest"' in page
    assert re.search(r'<script type="module" src="/static/install.js\?v=\w+"></script>', page)


def test_only_the_device_s_page_is_an_app(centre: Any) -> None:
    assert "webmanifest" not in centre.visitor().get("/sign-in").text


def test_an_erased_device_still_says_that_it_cannot_be_reached(device: Any, now: Any) -> None:
    device.marked(erased_at=now, unsent_measurements=0)
    assert "cannot be reached" in device.visitor().get("/offline/en").text

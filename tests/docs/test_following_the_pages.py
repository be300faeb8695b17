"""The pages that tell what to type, followed word for word on an empty machine: they work as they stand."""

import json
import re
import shutil
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from documentation_pages import DOCS, page
from reader import Reader

from couch.client import Database, Server
from couch.names import REGISTRY
from provisioning.demo.processes import free_port
from provisioning.demo.visitor import Visitor
from provisioning.demo.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.debian]

SPEED = 450.0  # survey seconds in a real one: a slot passes in two
EPOCH = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)  # within the month that the export of the page names
USUAL_PORTS = ("5984", "6984", "8090", "5985")
# Pages whose blocks follow the walk, each typed in the folder of the centre.
ROLES = ("researcher.md", "administrator.md", "analyst.md")
# Said instead of a measuring day: a device on a virtual clock must not wait for real minutes.
HASTE = {
    "SURVEY_EDGE_CYCLE__PULL_TIMEOUT_S": "2",
    "SURVEY_EDGE_CYCLE__HEAD_TIMEOUT_S": "2",
    "SURVEY_EDGE_TRANSMISSION__PUSH_JITTER_S": "0.2",
    "SURVEY_EDGE_TRANSMISSION__RECONNECT_MAX_S": "1",
    "SURVEY_EDGE_TRANSMISSION__REQUEST_TIMEOUT_S": "5",
}
# Returns once the page writes that it serves.
SERVES = "timeout 60 grep -q 'serving on' <(tail -n +1 -f {} 2>/dev/null)"
REGION = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"NUTS_ID": "DEF02", "NUTS_NAME": "Kiel", "population_density_per_km2": 2080.0},
            "geometry": {"type": "Polygon", "coordinates": [[[9, 54], [11, 54], [11, 55], [9, 55], [9, 54]]]},
        }
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reader")


@pytest.fixture(scope="module")
def ports() -> dict[str, str]:
    return {usual: str(free_port()) for usual in (*USUAL_PORTS, "8080")}


@pytest.fixture(scope="module")
def reader(folder: Path, ports: dict[str, str]) -> Iterator[Reader]:
    if shutil.which("openssl") is None:
        pytest.skip("needs the Debian package openssl")
    clock = f"{EPOCH.timestamp()!r},{time.time()!r},{SPEED!r}"
    environ = {**HASTE, "SURVEY_CLOCK": clock, "SURVEY_PAGE_PORT": ports["8080"]}
    person = Reader(folder, environ, {usual: ports[usual] for usual in USUAL_PORTS})
    yield person
    person.leave()


def test_running_a_survey_from_an_empty_machine(reader: Reader, folder: Path, ports: dict[str, str]) -> None:
    secrets, centre, household, device, export, *later = page("running.md").blocks("sh")
    reader.type(secrets)
    link = re.search(r"http://\S+/link/\S+", reader.type(centre))
    assert link is not None, "no link with which Ada sets her password"
    reader.type(SERVES.format("pages.log"))
    password = "correct horse battery staple"
    site = f"http://127.0.0.1:{ports['8090']}"
    Visitor(site).send(link[0].removeprefix(site), {"new": password, "again": password})

    assert "documents written" in reader.type(household)
    code = re.search(r"^[A-Z0-9]{5}-[A-Z0-9]{5}$", reader.type(device), re.MULTILINE)
    assert code is not None, "no household code"
    participant = Visitor(f"http://127.0.0.1:{ports['8080']}")
    reader.type(SERVES.format("page.log"))
    participant.send("/sign-in", {"code": code[0]})
    participant.send("/consent/granted", {"sure": "yes"})
    registry = _administrator(folder).database(REGISTRY)
    wait_until(registry, lambda: _has_measured(registry), "a measurement in research", within_s=90)

    assert "rows" in reader.type(export)
    described = json.loads((folder / "device" / "june" / "datapackage.json").read_text(encoding="utf-8"))
    assert described["resources"]
    (folder / "device" / "nuts3.geojson").write_text(json.dumps(REGION), encoding="utf-8")
    (folder / "centre" / "nuts3.geojson").write_text(json.dumps(REGION), encoding="utf-8")
    reader.type(f"cd {folder / 'centre'}")
    for block in later:
        reader.type(block)


@pytest.mark.parametrize("name", ROLES)
def test_the_pages_of_the_roles_after_it(reader: Reader, folder: Path, name: str) -> None:
    reader.type(f"cd {folder / 'centre'}")
    for block in page(name).blocks("sh"):
        reader.type(block)


def test_each_block_to_be_typed_is_followed_or_tested_elsewhere() -> None:
    followed = {"running.md", *ROLES}
    root = DOCS.parent
    for file in DOCS.glob("*.md"):
        elsewhere = re.findall(r"<!-- tested by (\S+) -->", file.read_text(encoding="utf-8"))
        assert all((root / test.partition("::")[0]).is_file() for test in elsewhere), file.name
        blocks = page(file.name).blocks("sh")
        assert file.name in followed or len(elsewhere) >= len(blocks), f"{file.name}: nobody types its blocks"


def _administrator(folder: Path) -> Server:
    settings = tomllib.loads((folder / "centre" / "centre.toml").read_text(encoding="utf-8"))
    return Server(settings["url"], user="admin", password=settings["admin"]["password"])


def _has_measured(registry: Database) -> bool:
    return any(doc.get("last_slot") for doc in registry.documents(start="household:", end="household;"))

"""A data set over its life, through real processes: published, downloaded, checked, withdrawn, replaced."""

import io
import json
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from couch.client import Server
from couch.clock import SLOT
from couch.documents import (
    ConsentState,
    Context,
    ContextMeter,
    Reading,
    ResearchMeasurement,
    Withdrawal,
)
from couch.names import ANALYST, RESEARCH, month_database
from couch.research import ensure_months, write_research

pytestmark = pytest.mark.slow
PASSWORD = "a long password of anna"


@dataclass
class Stored:
    """A day of four households in a month that no other test uses."""

    server: Server
    start: datetime
    contexts: list[Context]
    made: list[str]

    def period(self) -> tuple[str, ...]:
        end = self.start + timedelta(days=1)
        return ("--from", f"{self.start:%Y-%m-%d}", "--to", f"{end:%Y-%m-%d}")

    def erase(self, context: Context) -> None:
        """As the worker does: readings and context are gone."""
        month = self.server.database(month_database(self.start))
        docs = list(month.documents(start="measurement:", end="measurement;"))
        month.purge({doc["_id"]: [doc["_rev"]] for doc in docs if doc["household"] == context.household})
        research = self.server.database(RESEARCH)
        research.delete(context.id, research.get(context.id)["_rev"])

    def put(self, document: Any) -> None:
        """A document of research that goes again when the test is over."""
        research = self.server.database(RESEARCH)
        research.replace(document.id, lambda _stored: document.to_json())
        self.made.append(document.id)


@pytest.fixture
def stored(couch_server: Server, central: None) -> Iterator[Stored]:
    start = datetime(random.randrange(2100, 9000), 1, 30, tzinfo=UTC)
    contexts = [
        Context(
            household=uuid4().hex,
            consent=ConsentState.GRANTED,
            meters=(ContextMeter(meter=uuid4().hex, meter_type="ELECTRICITY", model="MT175"),),
        )
        for _ in range(4)
    ]
    found = Stored(couch_server, start, contexts, [])
    for context in contexts:
        found.put(context)
    slots = [start + number * SLOT for number in range(96)]
    ensure_months(couch_server, slots)
    write_research(
        couch_server,
        [
            ResearchMeasurement(
                household=context.household,
                meter=context.meters[0].meter,
                slot=slot,
                measured_at=slot + timedelta(seconds=4),
                time_source="synchronized",
                data=(Reading(obis="0100010800ff", value=number, scaler=-1, unit="Wh"),),
            )
            for number, slot in enumerate(slots)
            for context in contexts
        ],
    )
    yield found
    research = couch_server.database(RESEARCH)
    for doc_id in set(found.made):
        if (doc := research.find(doc_id)) is not None:
            research.delete(doc_id, doc["_rev"])
    couch_server.delete_database(month_database(start))


def test_a_data_set_lives_until_a_household_withdraws_and_is_replaced(  # noqa: PLR0917
    run_survey: Any, serving: Any, invite: Any, centre_toml: Any, stored: Stored, tmp_path: Path
) -> None:
    config = centre_toml(threshold=3)
    release = ("export", "release", "energy", *stored.period(), "--config", config, "--json")
    made = json.loads(run_survey(*release).stdout)
    assert (made["version"], made["fresh"], made["households"], made["k"]) == (1, True, 4, 4)
    assert json.loads(run_survey(*release).stdout)["fresh"] is False

    browser = serving("centre", "serve", "--config", config)
    invite(browser, config, "anna", ANALYST, password=PASSWORD)
    browser.send("/sign-in", name="anna", password=PASSWORD)
    whole = browser.http.get(f"{browser.base}/data/energy/1.zip", timeout=60).content
    with zipfile.ZipFile(io.BytesIO(whole)) as bundle:
        bundle.extractall(tmp_path / "downloaded")
    checked = run_survey("export", "check", tmp_path / "downloaded" / "energy-1")
    assert checked.returncode == 0, checked.stderr

    erased = stored.contexts[0].household
    stored.put(Withdrawal(household=erased))
    gone = browser.http.get(f"{browser.base}/data/energy/1/data/intervals.csv", timeout=60)
    assert (gone.status_code, gone.json()["successor"]) == (410, None)
    assert not (tmp_path / "releases" / "energy" / "1").exists()

    stored.erase(stored.contexts[0])
    made = json.loads(run_survey(*release).stdout)
    assert (made["version"], made["households"]) == (2, 3)
    gone = browser.http.get(f"{browser.base}/data/energy/1/data/intervals.csv", timeout=60)
    assert gone.headers["Link"] == '</data/energy/2/data/intervals.csv>; rel="successor-version"'
    text = browser.http.get(f"{browser.base}/data/energy/2/data/intervals.csv", timeout=60).text
    assert erased not in text
    package = browser.http.get(f"{browser.base}/data/energy/2/datapackage.json", timeout=60).json()
    assert {"household": erased, "withdrawn": "erased"} in package["withdrawals_since_last_version"]


def test_too_few_alike_are_refused_by_export_and_release(
    run_survey: Any, centre_toml: Any, stored: Stored, fault_line: Any, tmp_path: Path
) -> None:
    config = centre_toml(threshold=5)
    release = run_survey("export", "release", "energy", *stored.period(), "--config", config)
    assert "4 households of 4 could be recognized" in fault_line(release)
    assert not list((tmp_path / "releases").rglob("datapackage.json"))
    export = run_survey("export", *stored.period(), "--out", tmp_path / "out", "--config", config)
    assert "this export holds 4 households" in fault_line(export)
    assert not list((tmp_path / "out").rglob("*"))

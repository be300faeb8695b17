"""What the rules of a household cost: measurements judged a second, in QuickJS alone and in bulk writes.

Run by hand: `python tests/bench/bench_rules.py [--batches N] [--against DESIGN.json]`. It starts an embedded
node in a new folder; SURVEY_COUCHDB_URL measures that server instead. `--against`: another design document.
"""

import argparse
import json
import secrets
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from couch.bootstrap import household_security
from couch.design_documents import load_design_document
from couch.node.js.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parent))
from bench_node import BATCH, Connection, server

HOUSEHOLD, DEVICE = str(uuid.uuid4()), str(uuid.uuid4())
ROLES = ["agent"]
TRIES = 9


def measurement(number: int) -> dict[str, Any]:
    """As a device writes it, with a slot of its own."""
    minutes = 15 * number
    slot = f"2026-{minutes // 40_320 % 12 + 1:02d}-{minutes // 1440 % 28 + 1:02d}"
    slot += f"T{minutes // 60 % 24:02d}:{minutes % 60:02d}:00Z"
    meter = f"00000000-0000-4000-8000-{number // 30_000:012d}"
    readings = [
        {"obis": obis, "value": 1_000_000 + number, "scaler": -1, "unit": unit}
        for obis, unit in (("0100010800ff", "Wh"), ("0100020800ff", "Wh"), ("0100100700ff", "W"))
    ]
    return {
        "_id": f"measurement:{meter}:{slot}",
        "type": "measurement",
        "meter": meter,
        "device": DEVICE,
        "slot": slot,
        "measured_at": slot,
        "data": readings,
        "time": {"source": "synchronized", "boot": "b", "monotonic_ms": number * 900_000},
        "marks": [],
    }


def judged(design: dict[str, Any]) -> float:
    """Documents a second of processor time in QuickJS, a thousand at a time; the best of some tries."""
    sandbox, text = Sandbox(), json.dumps(design)
    items = json.dumps([[measurement(number), None] for number in range(BATCH)])
    user = json.dumps({"name": "agent", "roles": ROLES, "db": "replica"})
    security = json.dumps({**household_security(HOUSEHOLD), "consent": {"state": "granted", "erased": False}})
    best = 0.0
    for _ in range(TRIES):
        started = time.process_time()
        verdicts = json.loads(sandbox.run("validate", text, items, user, security))
        best = max(best, BATCH / (time.process_time() - started))
        assert verdicts == [True, [None] * BATCH], verdicts
    return best


def written(url: str, design: dict[str, Any] | None, batches: int) -> float:
    """Documents a second through `_bulk_docs`, as an account that may write them."""
    admin = Connection(url)
    name, user = f"bench-{secrets.token_hex(6)}", f"bench-{secrets.token_hex(6)}"
    admin.send("PUT", f"/{name}?q=1")
    account = {"name": user, "type": "user", "roles": ROLES, "password": "pw"}
    created = admin.send("PUT", f"/_users/org.couchdb.user:{user}", account)
    try:
        if design is not None:
            admin.send("PUT", f"/{name}/_design/rules", {k: v for k, v in design.items() if k[0] != "_"})
        members = {"admins": {}, "members": {"roles": ROLES}}
        admin.send("PUT", f"/{name}/_security", {**members, "consent": {"state": "granted", "erased": False}})
        agent = Connection(f"{url.partition('://')[0]}://{user}:pw@{url.rpartition('@')[2]}")
        prepared = [[measurement(batch * BATCH + n) for n in range(BATCH)] for batch in range(batches)]
        agent.send("POST", f"/{name}/_revs_diff", {})  # the first use of a password takes long
        started = time.perf_counter()
        for docs in prepared:
            answer = agent.send("POST", f"/{name}/_bulk_docs", {"docs": docs})
            assert all("error" not in row for row in answer), answer  # type: ignore[attr-defined]
        return batches * BATCH / (time.perf_counter() - started)
    finally:
        admin.send("DELETE", f"/{name}")
        admin.send("DELETE", f"/_users/org.couchdb.user:{user}?rev={created['rev']}")  # type: ignore[index]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batches", type=int, default=5, help="batches of 1,000 documents [5]")
    parser.add_argument("--against", type=Path, help="a design document (JSON) to compare with")
    given = parser.parse_args()
    designs = {"the rules": load_design_document("rules")}
    if given.against:
        designs[str(given.against)] = json.loads(given.against.read_text())
    rows = [(f"{label}, QuickJS alone", judged(design)) for label, design in designs.items()]
    with server() as url:
        rows.append(("no validator, bulk writes", written(url, None, given.batches)))
        for label, design in designs.items():
            rows.append((f"{label}, bulk writes", written(url, design, given.batches)))
    print(f"{'measurements':45} {'documents/s':>12}")
    for label, rate in rows:
        print(f"{label:45} {rate:12,.0f}")


if __name__ == "__main__":
    main()

"""Documents of every type, accounts, and documents that break the rules."""

from typing import Any

HOUSEHOLD = "11111111-1111-4111-8111-111111111111"
DEVICE = "22222222-2222-4222-8222-222222222222"
OTHER = "33333333-3333-4333-8333-333333333333"
METER = "44444444-4444-4444-8444-444444444444"
SLOT = "2025-07-01T12:15:00Z"
READING = {"obis": "0100010800ff", "value": 12345, "scaler": -1, "unit": "Wh"}
SCOPES = ["account", "household", "consent", "measurement-read", "measurement-write"]

ROLES = {
    "agent": ["agent"],
    "page": ["page"],
    "pull": ["pull"],
    "push": ["push"],
    "device": [f"household:{HOUSEHOLD}", f"device:{DEVICE}", *(f"scope:{scope}" for scope in SCOPES)],
    "other device": [f"household:{HOUSEHOLD}", f"device:{OTHER}", *(f"scope:{scope}" for scope in SCOPES)],
    "device without scopes": [f"household:{HOUSEHOLD}", f"device:{DEVICE}"],
    "researcher": ["researcher"],
    "administrator": ["administrator"],
    "analyst": ["analyst"],
    "worker": ["worker"],
    "server admin": ["_admin"],
    "nobody": [],
}

DOCUMENTS: dict[str, dict[str, Any]] = {
    "registration": {"_id": "registration", "type": "registration", "contact": {}},
    "location": {"_id": "location", "type": "location", "latitude": 52, "longitude": 10, "source": "manual"},
    "pv_system": {"_id": f"pv_system:{OTHER}", "type": "pv_system", "pv_system": OTHER},
    "meter": {"_id": f"meter:{METER}", "type": "meter", "meter": METER},
    "device": {"_id": f"device:{DEVICE}", "type": "device", "device": DEVICE},
    "order": {"_id": f"order:{OTHER}", "type": "order", "order": OTHER},
    "measurement": {
        "_id": f"measurement:{METER}:{SLOT}",
        "type": "measurement",
        "meter": METER,
        "slot": SLOT,
        "measured_at": "2025-07-01T12:15:03Z",
        "device": DEVICE,
        "data": [READING],
    },
    "gap": {
        "_id": f"gap:{METER}:{SLOT}",
        "type": "gap",
        "meter": METER,
        "from_slot": SLOT,
        "to_slot": SLOT,
        "cause": "locked",
        "device": DEVICE,
    },
    "grant": {
        "_id": "consent:granted",
        "type": "consent",
        "state": "granted",
        "at": "2025-07-01T12:00:07Z",
        "by": {"role": "participant", "device": DEVICE},
    },
    "revocation": {
        "_id": "consent:revoked",
        "type": "consent",
        "state": "revoked",
        "at": "2025-07-01T12:00:07Z",
        "by": {"role": "participant", "device": DEVICE},
    },
    "revocation by letter": {
        "_id": "consent:revoked",
        "type": "consent",
        "state": "revoked",
        "at": "2025-07-01T12:00:07Z",
        "by": {"role": "researcher"},
    },
    "report": {
        "_id": f"report:{OTHER}",
        "type": "report",
        "report": OTHER,
        "at": "2025-07-01T12:00:07Z",
        "text": "x",
    },
    "answer": {
        "_id": f"answer:{OTHER}",
        "type": "answer",
        "order": OTHER,
        "device": DEVICE,
        "at": "2025-07-01T12:00:07Z",
        "done": True,
    },
    "heartbeat": {"_id": f"heartbeat:{DEVICE}", "type": "heartbeat", "device": DEVICE},
    "erased": {"_id": f"erased:{DEVICE}", "type": "erased", "device": DEVICE},
}


def without(name: str, /, **change: Any) -> dict[str, Any]:
    """The document `name` with fields changed; None takes a field away."""
    doc = {**DOCUMENTS[name], **change}
    return {key: value for key, value in doc.items() if value is not None}


ONCE = {"start": 2, "ids": ["b" * 32, "a" * 32]}
FORGED = {"start": 99, "ids": ["f" * 32]}
MALFORMED = [
    ("measurement", without("measurement", _deleted=True), "device"),
    ("a measurement's second generation", without("measurement", _revisions=ONCE), "device"),
    ("a measurement forged to win", without("measurement", _revisions=FORGED), "device"),
    ("a measurement without readings", without("measurement", data=[]), "agent"),
    ("a measurement with no list", without("measurement", data={"0": READING}), "agent"),
    ("a value that is no integer", without("measurement", data=[{**READING, "value": 1.5}]), "agent"),
    ("a value that is text", without("measurement", data=[{**READING, "value": "1"}]), "agent"),
    ("a scaler that is no integer", without("measurement", data=[{**READING, "scaler": None}]), "agent"),
    ("an OBIS code with a letter", without("measurement", data=[{**READING, "obis": "01x"}]), "agent"),
    ("a slot between slots", without("measurement", slot="2025-07-01T12:16:00Z"), "agent"),
    (
        "a slot that is none",
        without("measurement", slot="soon", _id=f"measurement:{METER}:soon"),
        "agent",
    ),
    ("another meter than the id's", without("measurement", meter=OTHER), "agent"),
    ("a gap that ends before it starts", without("gap", to_slot="2025-07-01T12:00:00Z"), "agent"),
    ("a deleted gap", without("gap", _deleted=True), "agent"),
    ("a deleted grant", without("grant", _deleted=True), "page"),
    ("a bare tombstone of the revocation", {"_id": "consent:revoked", "_deleted": True}, "pull"),
    ("a grant under the id of the revocation", without("grant", _id="consent:revoked"), "page"),
    ("a revocation under the id of the grant", without("revocation", _id="consent:granted"), "page"),
    ("a third kind of consent", without("grant", _id="consent:revoked", state="withdrawn"), "page"),
    ("a grant's second generation", without("grant", _revisions=ONCE), "page"),
    ("a grant that names a person", without("grant", by={"role": "participant", "name": "x"}), "page"),
    ("a grant with a remark", without("grant", remark="x"), "page"),
    ("a grant with an attachment", without("grant", _attachments={}), "page"),
    ("a grant by nobody", without("grant", by=None), "page"),
    ("a grant at no time", without("grant", at="yesterday"), "page"),
    ("a deleted report", without("report", _deleted=True), "page"),
    ("a report under another id", without("report", _id=f"report:{METER}"), "page"),
    ("a heartbeat that counts half conflicts", without("heartbeat", conflicts=0.5), "device"),
    ("a certificate that ends some day", without("heartbeat", certificate_ends="soon"), "device"),
    ("a deleted heartbeat", without("heartbeat", _deleted=True), "device"),
    ("a meter under another id", without("meter", meter=OTHER), "worker"),
    ("a tombstone that keeps fields", without("registration", _deleted=True), "researcher"),
    ("a type that is not the id's", without("meter", type="device"), "worker"),
    ("a document without a type", {"_id": f"meter:{METER}", "meter": METER}, "worker"),
    ("an unknown type", {"_id": "note:1", "type": "note"}, "researcher"),
    ("a grant by letter", without("grant", by={"role": "researcher"}), "page"),
    ("a meter in a list", without("measurement", meter=[METER]), "agent"),
    ("a device in a list", without("measurement", device=[DEVICE]), "device"),
    ("a slot of month 13", without("measurement", slot="2025-13-01T12:00:00Z"), "agent"),
    ("an id that names a person", {"_id": "meter:Ada", "type": "meter", "meter": "Ada"}, "researcher"),
    ("the name of something every object has", {"_id": "toString", "type": "toString"}, "researcher"),
]

# ruff: noqa: E501 - one row a line is read as the table that it is
"""What the centre writes, and attachments, which belong nowhere."""

from attack_row import (
    ATTACHMENT,
    NO_FILES,
    WRITER,
    Attack,
    confirmation,
    consent,
    gap,
    heartbeat,
    measurement,
    registration,
    report,
)
from attack_world import AT
from attempts import attached, bulk, delete, following, forged, over, put, sibling, tombstone, with_attachment

CENTRE_DOCUMENTS = [
    Attack("corrects the registration", "device", "granted", put(over(registration())), (f"refused registration {WRITER}",)),
    Attack("an offline edit of the registration", "device", "revoked", following(registration(contact={"phone": "1"})), (f"refused registration {WRITER}",)),
    Attack("a registration forged to win", "device", "revoked", forged(registration()), (f"refused registration {WRITER}",)),
    Attack("deletes the registration", "device", "granted", delete("registration"), ("refused registration _deleted: your account may not",)),
    Attack("deletes the registration", "researcher", "granted", delete("registration"), ("refused registration _deleted: your account may not",)),
    Attack("deletes the registration", "administrator", "granted", delete("registration"), ("refused registration _deleted: your account may not",)),
    Attack("a tombstone that keeps the name", "worker", "granted", bulk(over(tombstone("registration", contact={"name": "Ada"}))), ("refused registration _deleted: a tombstone holds",)),
    Attack("moves the household", "device", "granted", put(lambda _: {"_id": "location", "type": "location", "latitude": 1, "longitude": 1, "source": "manual"}), (f"refused location {WRITER}",)),
    Attack("registers a meter", "device", "granted", put(lambda home: {"_id": f"meter:{home.device}", "type": "meter", "meter": home.device}), (f"refused meter {WRITER}",)),
    Attack("orders itself something", "device", "granted", put(lambda home: {"_id": f"order:{home.meter}", "type": "order", "order": home.meter}), (f"refused order {WRITER}",)),
    Attack("answers for another device", "device", "granted", put(lambda home: {"_id": f"answer:{home.meter}", "type": "answer", "order": home.meter, "device": home.other_device, "at": AT, "done": True}), ("refused answer device: only",)),
    Attack("a heartbeat of another device", "device", "granted", put(lambda home: home.heartbeat(_id=f"heartbeat:{home.other_device}", device=home.other_device)), ("refused heartbeat device: only",)),
    Attack("a heartbeat of a device", "researcher", "granted", put(heartbeat()), ("refused heartbeat device: only",)),
    Attack("a report in the household's name", "researcher", "granted", put(report()), (f"refused report {WRITER}",)),
    Attack("a report of a megabyte", "device", "granted", put(report(text="x" * 1_000_000)), ("refused report document: at most",)),
    Attack("a document of no type", "researcher", "granted", put(lambda _: {"_id": "note", "text": "x"}), ("refused document _id:",)),
    Attack("the name of something every object has", "researcher", "granted", put(lambda _: {"_id": "constructor", "type": "constructor"}), ("refused document _id:",)),
    Attack("a summary as in the registry", "worker", "granted", put(lambda home: {"_id": f"household:{home.uuid}", "type": "household_summary"}), ("refused document _id:",)),
    Attack("confirms an erasure that was not", "device", "revoked", put(confirmation()), ("refused erased _security.consent: this household is not",)),
]  # fmt: skip

# --- attachments

FILES = [
    Attack("a picture at the registration", "researcher", "granted", attached("registration"), (f"refused registration {ATTACHMENT}", NO_FILES)),
    Attack("a file in the registration", "researcher", "granted", bulk(over(with_attachment(registration()))), (f"refused registration {ATTACHMENT}", NO_FILES)),
    Attack("a file in a replicated registration", "researcher", "granted", following(with_attachment(registration())), (f"refused registration {ATTACHMENT}", NO_FILES)),
    Attack("a picture at the revocation", "device", "revoked", attached("consent:revoked"), (f"refused consent {ATTACHMENT}", NO_FILES)),
    Attack("a file in a second revocation", "device", "revoked", sibling(with_attachment(consent("revoked"))), (f"refused consent {ATTACHMENT}", NO_FILES)),
    Attack("a file in a measurement", "device", "granted", put(with_attachment(measurement())), (f"refused measurement {ATTACHMENT}", NO_FILES)),
    Attack("a file in a gap", "device", "granted", bulk(with_attachment(gap())), (f"refused gap {ATTACHMENT}", NO_FILES)),
    Attack("a file in a report", "device", "granted", put(with_attachment(report())), (f"refused report {ATTACHMENT}", NO_FILES)),
    Attack("a file in a heartbeat", "device", "granted", put(with_attachment(heartbeat())), (f"refused heartbeat {ATTACHMENT}", NO_FILES)),
    Attack("a file in the confirmation", "device", "erased", put(with_attachment(confirmation())), (f"refused erased {ATTACHMENT}", NO_FILES)),
    Attack("a file at the rules", "researcher", "granted", attached("_design/rules"), ("denied", NO_FILES)),
]  # fmt: skip

"""The receipt of an erasure, for the participant: what went, where and when, what stays and why.

It names nobody and no pseudonym, so that whoever finds it learns nothing from it. Built field by field from
the record of the erasure, which holds ids, times and counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from couch.documents import DeviceErasure, Erasure, ErasureProof, FileSearch, Json, Step, stamp

FORMAT = "household energy survey: receipt of an erasure, version 1"

_ERASED = {
    Step.ACCESS_CLOSED: "From here on nothing more of the household was accepted.",
    Step.CONTEXT_ANONYMIZED: "In the research data, the exact location was replaced by one drawn at random "
    "at a distance, and the exact power and date of photovoltaic systems by rounded ones.",
    Step.DATABASE_REMADE: "The household's database was destroyed: name, email, address, exact location, "
    "systems, meters, devices, reports and measurements, with every earlier version of them.",
    Step.REGISTRY_CLEARED: "Name, email, town and device names left the register; accounts of the household "
    "were removed or can do nothing but confirm.",
    Step.FILES_COMPACTED: "The database files were written anew, so that earlier versions, marks of deletion "
    "and rows of views are gone from them as well.",
}
_LIMITS = (
    "Searched were the files as the operating system shows them, not what a disk keeps in freed blocks; "
    "against that its encryption helps.",
    "A backup made before the erasure is erased when it expires; it may be restored only if the erasure is "
    "repeated.",
    "What others hold who were sent data before the revocation (data sets under pseudonyms) is outside of "
    "the survey's reach; later data sets list the withdrawal.",
)


@dataclass(frozen=True, slots=True)
class CertificateKept:
    """What the certificate authority remembers of one of the household's devices."""

    serial: str
    device: str | None
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None


def make_receipt(
    record: Erasure,
    proof: ErasureProof | None,
    certificates: Sequence[CertificateKept],
    issued_at: datetime,
) -> Json:
    """The receipt, not yet signed, as the record stands now."""
    return {
        "format": FORMAT,
        "receipt": record.receipt,
        "household": record.household,
        "begun_at": stamp(record.begun_at),
        "issued_at": stamp(issued_at),
        "complete": record.next_step is None and not record.outstanding,
        "erased": [
            {"step": each.step.value, "at": stamp(each.at), "what": _ERASED[each.step]}
            for each in record.steps
            if each.step in _ERASED
        ],
        "research_erased_at": None if record.research_erased_at is None else stamp(record.research_erased_at),
        "devices": {
            "confirmed": [_confirmed(each) for each in record.devices if each.confirmed_at is not None],
            "outstanding": list(record.outstanding),
            "unsent_measurements_erased": sum(each.unsent_measurements or 0 for each in record.devices),
        },
        "remains": _remains(record, certificates),
        "search": _search(proof),
        "limits": list(_LIMITS),
    }


def _confirmed(each: DeviceErasure) -> Json:
    return {
        "device": each.device,
        "at": None if each.confirmed_at is None else stamp(each.confirmed_at),
        "unsent_measurements_erased": each.unsent_measurements,
    }


def _remains(record: Erasure, certificates: Sequence[CertificateKept]) -> list[Json]:
    remains: list[Json] = [
        {
            "what": "consent given and revoked, with times and by which role and device",
            "why": "it shows that the data was used lawfully (GDPR art. 7 (1)), and stops old devices",
            "documents": record.consents,
        },
        {
            "what": "this erasure's record: the household's and devices' uuids, times, counts",
            "why": "it shows that and when the erasure was done, and tells devices that come back",
        },
        {
            "what": "certificates of the household's devices: serial, uuids, validity; no name, no email",
            "why": "so that an old certificate is recognized and refused",
            "certificates": [
                {
                    "serial": each.serial,
                    "device": each.device,
                    "not_before": stamp(each.not_before),
                    "not_after": stamp(each.not_after),
                    "revoked_at": None if each.revoked_at is None else stamp(each.revoked_at),
                }
                for each in certificates
            ],
        },
    ]
    if record.research_erased_at is None and not record.altogether:
        remains.insert(
            1,
            {
                "what": "measurements and gaps under pseudonyms, with the drawn location, rounded systems, "
                "and the answers about the household (people, car, heating, battery)",
                "why": "research, for which consent was given, up to the revocation "
                "(GDPR art. 7 (3), 17 (3) (d))",
                "meters": [
                    {"meter": each.meter, "measurements": each.measurements, "gaps": each.gaps}
                    for each in record.kept
                ],
                "not_taken_over": record.not_kept,
            },
        )
    return remains


def _search(proof: ErasureProof | None) -> Json:
    if proof is None:
        return {"proved": False, "why": "the files were not searched before the erasure"}
    told: Json = {"proved": proof.holds, "values_too_common_to_search": proof.too_common}
    if proof.before is not None:
        told["before"] = _pass(proof.before)
    if proof.after is not None:
        told["after"] = _pass(proof.after)
    if proof.after is None:
        told["why"] = "the search was interrupted, and nothing of what to search for was kept"
    elif not proof.holds:
        told["why"] = "values were still found in files; the survey was told which"
    return told


def _pass(found: FileSearch) -> Json:
    return {
        "at": stamp(found.at),
        "values_searched": found.facts,
        "values_found": found.found,
        "occurrences": found.occurrences,
        "values_that_other_households_hold_too": found.shared,
        "files": found.files,
        "bytes": found.bytes,
    }

"""The proof of an erasure: the files are searched before it and after it, in one run (decision 0011).

The byte strings live in this process's memory, from before the destruction until the search after it, and
nowhere else. So a run that is ended in between cannot be taken up again, and the receipt says so.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from anonymizer.connections import Centre
from anonymizer.erasure_record import find_erasure
from anonymizer.parking import ERASURE
from anonymizer.proof.byte_search import ByteSearch, Findings, files_below
from anonymizer.proof.facts import collect_facts
from anonymizer.proof.hold import find_proof
from anonymizer.proof.needles import Needles
from anonymizer.proof.shared import Others
from anonymizer.pseudonyms import Pseudonyms
from couch.blurring import Blurring
from couch.bootstrap import document_consent
from couch.clock import Clock
from couch.documents import ConsentState, ErasureProof, FileSearch, Json, Parked, utc
from couch.errors import Fault, NotFound
from couch.remaking import is_old, is_remade

_ASK_EVERY_S = 1.0
SETTLES_WITHIN_S = 60.0  # an engine removes a destroyed database's files by and by
_TAKEN_BACK_WITHIN_S = 30.0
_NAMED = 5

Told = Callable[[str, Findings], None]


@dataclass(frozen=True, slots=True)
class Places:
    """Where is searched: the engine's data, and what else may hold something."""

    data: tuple[Path, ...]
    also: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if not self.data:
            raise Fault(
                "where the database engine keeps its files is not known, so nothing can be proved. Name its "
                'data folder: data = ["/opt/couchdb/data"] under [proof] in the settings, or --data FOLDER.'
            )
        for place in (*self.data, *self.also):
            if not place.exists():
                raise Fault(
                    f"{place} is to be searched but is not there. Correct the table [proof], or --data."
                )


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves the erasure of households that are revoked and not destroyed yet."""

    centre: Centre
    pseudonyms: Pseudonyms
    blurring: Blurring
    clock: Clock
    places: Places
    erase: Callable[[str], None]  # sets the worker going for a household, if none is at it
    told: Told = lambda _phase, _findings: None
    settle_s: float = SETTLES_WITHIN_S  # so long the search after is repeated where something is left

    def prove(self, households: Sequence[str], *, wait_s: float) -> dict[str, ErasureProof]:
        """Search, let the worker erase, search again; what is proved of each household.

        Raises Fault (not found before, still there afterwards, an erasure that stands still), CouchError.
        """
        for household in households:
            self._require_erasable(household)
        facts, common = [], {}
        for household in households:
            found, common[household] = collect_facts(self.centre, household, self.pseudonyms, self.blurring)
            if not found:
                raise Fault(f"nothing that identifies household {household} is there to be searched for.")
            facts += found
        needles = Needles(facts)
        search = needles.search()
        self._before(households, needles, search, common)
        stale = {household: self._standstill(household) for household in households}
        try:
            for household in households:
                self.erase(household)
            self._await(households, time.monotonic() + wait_s, stale)
        except BaseException:
            self._hold_again(households)
            raise
        return self._after(households, needles, search)

    def _require_erasable(self, household: str) -> None:
        if is_remade(self.centre.admin, household):
            raise Fault(
                f"household {household} was destroyed before it was searched for, so its erasure cannot be "
                "proved any more. Set hold = true under [proof] for the worker: then it waits for this."
            )
        if not is_old(self.centre.admin, household):
            raise Fault(f"there is no household {household}, or its database is being made anew just now.")
        record = find_erasure(self.centre.registry, household)
        if record is not None and record.altogether:
            return
        if document_consent(self.centre.household(household)) is not ConsentState.REVOKED:
            raise Fault(f"the consent of household {household} is not revoked, so nothing is erased.")

    # --- before

    def _before(
        self, households: Sequence[str], needles: Needles, search: ByteSearch, common: dict[str, int]
    ) -> None:
        findings = self._search("before", search)
        found = needles.facts_in(findings.of_needle())
        missing = Counter(fact.name for place, fact in enumerate(needles.facts) if place not in found)
        if missing:
            raise Fault(
                f"{missing.total()} of {len(needles.facts)} values were not found before the erasure "
                f"({', '.join(sorted(missing))}), so finding none afterwards would prove nothing; nothing "
                "was erased. Are the folders under [proof] data this engine's? CouchDB needs "
                "file_compression = none under [couchdb], and a compaction after that was set."
            )
        for household in households:
            own = {place for place, fact in enumerate(needles.facts) if fact.household == household}
            result = FileSearch(
                at=utc(self.clock.now()),
                facts=len(own),
                found=len(own & found),
                occurrences=needles.occurrences(findings, household),
                files=findings.files,
                bytes=findings.bytes,
            )
            proof = ErasureProof(household=household, too_common=common[household], before=result)
            self.centre.registry.replace(proof.id, lambda _stored, proof=proof: proof.to_json())  # type: ignore[misc]

    def _await(self, households: Sequence[str], ends: float, stale: dict[str, Parked | None]) -> None:
        """`stale`: what was said before this run, which a worker may be about to take back."""
        pause, believed_from = threading.Event(), time.monotonic() + _TAKEN_BACK_WITHIN_S
        waiting = list(households)
        while waiting := [one for one in waiting if not self._erased(one)]:
            for household in waiting:
                said = self._standstill(household)
                if said is not None and (said != stale[household] or time.monotonic() >= believed_from):
                    raise Fault(f"the erasure of {household} stands still: {said.reason}")
            if time.monotonic() >= ends:
                raise Fault(
                    f"{len(waiting)} households are not erased yet, so the search afterwards was not made. "
                    "survey anonymizer status says what they wait for."
                )
            pause.wait(_ASK_EVERY_S)

    def _erased(self, household: str) -> bool:
        record = find_erasure(self.centre.registry, household)
        return record is not None and record.next_step is None

    def _standstill(self, household: str) -> Parked | None:
        """What the worker said when it could not go on; None: nothing."""
        parked = self.centre.registry.find(f"parked:{household}:{ERASURE}")
        return None if parked is None else Parked.from_json(parked)

    def _hold_again(self, households: Sequence[str]) -> None:
        """What this run searched for is lost with it: those not destroyed yet wait for another one."""
        for household in households:
            if is_old(self.centre.admin, household):
                proof = ErasureProof(household=household)
                self.centre.registry.replace(proof.id, lambda _stored, proof=proof: proof.to_json())  # type: ignore[misc]

    # --- after

    def _after(
        self, households: Sequence[str], needles: Needles, search: ByteSearch
    ) -> dict[str, ErasureProof]:
        ends, pause = time.monotonic() + self.settle_s, threading.Event()
        own = frozenset({*households, *map(self.pseudonyms.household, households)})
        findings = self._search("after", search)
        shared = self._set_apart(findings, needles, own)
        while findings.hits and time.monotonic() < ends:
            pause.wait(_ASK_EVERY_S)
            again = search.in_files(file for file in list(findings.hits) if file.exists())
            self._set_apart(again, needles, own)
            if not again.hits:  # gone from there, but perhaps only moved
                again = self._search("after", search)
                shared = self._set_apart(again, needles, own)
                findings = again
            findings.hits = again.hits
        remain = needles.facts_in(findings.of_needle())
        proofs = {}
        for household in households:
            theirs = {place for place, fact in enumerate(needles.facts) if fact.household == household}
            result = FileSearch(
                at=utc(self.clock.now()),
                facts=len(theirs),
                found=len(theirs & remain),
                occurrences=needles.occurrences(findings, household),
                shared=len(theirs & shared - remain),
                files=findings.files,
                bytes=findings.bytes,
            )
            proofs[household] = self._note_after(household, result)
        if remain:
            self._say_what_remains(needles, findings, remain)
        return proofs

    def _set_apart(self, findings: Findings, needles: Needles, own: frozenset[str]) -> set[int]:
        """Take out of the findings what others hold; those facts."""
        others, shared = Others(self.centre, own), set[int]()
        for file, counts in list(findings.hits.items()):
            kept: Counter[int] = Counter()
            for index, count in counts.items():
                facts = needles.facts_in([index])
                string = needles.strings[index]
                if not all(others.hold(needles.facts[place], string, file) for place in facts):
                    kept[index] = count
                else:
                    shared |= facts
            if kept:
                findings.hits[file] = kept
            else:
                del findings.hits[file]
        return shared

    def _note_after(self, household: str, result: FileSearch) -> ErasureProof:
        before = find_proof(self.centre, household)
        if before is None:
            raise NotFound(f"the note of the search before the erasure of {household} is gone.")
        proof = msgspec.structs.replace(before, after=result)

        def noted(_stored: Json | None) -> Json:
            return proof.to_json()

        self.centre.registry.replace(proof.id, noted)
        return proof

    def _say_what_remains(self, needles: Needles, findings: Findings, remain: set[int]) -> None:
        names = ", ".join(sorted({needles.facts[place].name for place in remain}))
        files = [str(file) for file in findings.hits]
        more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
        raise Fault(
            f"{len(remain)} values are still there after the erasure ({names}), in "
            f"{', '.join(files[:_NAMED])}{more}. The receipt says so. Compact that database, or remove the "
            "file."
        )

    def _search(self, phase: str, search: ByteSearch) -> Findings:
        return search.in_files(
            files_below((*self.places.data, *self.places.also)),
            lambda findings: self.told(phase, findings),
        )

"""From facts to the needles of one pass and back: which facts lie where."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anonymizer.proof.byte_search import ByteSearch, Findings
from anonymizer.proof.facts import Fact


@dataclass(frozen=True, slots=True, repr=False)
class Needles:
    """The byte strings of facts, each once, and whose they are; they live in memory and nowhere else."""

    facts: Sequence[Fact]
    strings: tuple[bytes, ...] = field(init=False)
    _owners: dict[int, list[int]] = field(init=False)  # facts by the index of a string
    _runs: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        owners: dict[bytes, list[int]] = defaultdict(list)
        for place, fact in enumerate(self.facts):
            for form in fact.forms | fact.runs:
                owners[form].append(place)
        strings = tuple(owners)
        runs = {form for fact in self.facts for form in fact.runs}
        object.__setattr__(self, "strings", strings)
        object.__setattr__(self, "_owners", {index: owners[form] for index, form in enumerate(strings)})
        object.__setattr__(
            self, "_runs", frozenset(index for index, form in enumerate(strings) if form in runs)
        )

    def search(self) -> ByteSearch:
        return ByteSearch(self.strings)

    def facts_in(self, hits: Iterable[int]) -> set[int]:
        """The facts that these strings say."""
        return {place for index in hits for place in self._owners[index]}

    def is_run(self, index: int) -> bool:
        """Whether a string names its household even where others share the single value."""
        return index in self._runs

    def occurrences(self, findings: Findings, household: str) -> int:
        """How often a string of this household's lies anywhere."""
        return sum(
            count
            for index, count in findings.of_needle().items()
            if any(self.facts[place].household == household for place in self._owners[index])
        )

    def only(self, counts: Counter[int], places: set[int]) -> Counter[int]:
        """The part of `counts` that says one of these facts."""
        return Counter({index: n for index, n in counts.items() if places & set(self._owners[index])})


Remnants = dict[Path, Counter[int]]

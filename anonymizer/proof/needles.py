"""From facts to the needles of one pass and back: which facts lie where."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from anonymizer.proof.byte_search import ByteSearch, Findings
from anonymizer.proof.facts import Fact


@dataclass(frozen=True, slots=True, repr=False)
class Needles:
    """The byte strings of facts, each once, and whose they are; they live in memory and nowhere else."""

    facts: Sequence[Fact]
    strings: tuple[bytes, ...] = field(init=False)
    _owners: dict[int, list[int]] = field(init=False)  # facts by the index of a string

    def __post_init__(self) -> None:
        owners: dict[bytes, list[int]] = defaultdict(list)
        for place, fact in enumerate(self.facts):
            for form in fact.forms | fact.runs:
                owners[form].append(place)
        strings = tuple(owners)
        object.__setattr__(self, "strings", strings)
        object.__setattr__(self, "_owners", {index: owners[form] for index, form in enumerate(strings)})

    def search(self) -> ByteSearch:
        return ByteSearch(self.strings)

    def facts_in(self, hits: Iterable[int]) -> set[int]:
        """The facts that these strings say."""
        return {place for index in hits for place in self._owners[index]}

    def occurrences(self, findings: Findings, household: str) -> int:
        """How often a string of this household's lies anywhere."""
        return sum(
            count
            for index, count in findings.of_needle().items()
            if any(self.facts[place].household == household for place in self._owners[index])
        )

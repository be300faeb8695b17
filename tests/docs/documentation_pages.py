"""The documentation's pages, as the tests read them."""

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Page:
    name: str
    text: str

    def blocks(self, language: str) -> list[str]:
        """The fenced blocks in `language`, in order."""
        return [body for word, body in _FENCE.findall(self.text) if word == language]

    def pictures(self) -> list[str]:
        """The names of the pictures that it shows."""
        return re.findall(r"!\[[^\]]+\]\(images/([^)]+)\)", self.text)

    def commands(self) -> list[str]:
        """Every `survey ...` command that stands in a block or between backticks, on one line each."""
        blocks = "\n".join(self.blocks("sh")).replace("\\\n", " ")
        lines = re.findall(r"(?:^|[;&|(]|\buntil |-x )\s*(survey [^&|;>)\n]*)", blocks, re.MULTILINE)
        outside = _FENCE.sub("", self.text)
        return [*lines, *re.findall(r"`(survey [^`]+)`", outside.replace("\n", " "))]


def page(name: str) -> Page:
    """The page `name` of docs/."""
    return Page(name, (DOCS / name).read_text(encoding="utf-8"))


def pages() -> list[Page]:
    """Every page that people wrote."""
    files = [*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"]
    return [Page(file.name, file.read_text(encoding="utf-8")) for file in files]

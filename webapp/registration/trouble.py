"""What is wrong with an entry, in words that can be translated later: the core knows no reader."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.translation import gettext


@dataclass(frozen=True, slots=True)
class Trouble:
    """`text` is marked for translation; `values` fill its %(name)s."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def in_words(self) -> str:
        """In the reader's language; English outside of a request."""
        return gettext(self.text, **self.values)


class Unreadable(Exception):  # noqa: N818 - named for what happened
    """A text that is no such value; `trouble` says what would be."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.text)
        self.trouble = trouble

"""What the processes of a world log, and which secrets must never stand in it."""

import logging
import re
from pathlib import Path

# What must not stand in any log, whatever its value: tokens, keys, certificates (an email is in them).
_FORMS = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.|PRIVATE KEY|BEGIN(%20| )CERTIFICATE|\bBasic [A-Za-z0-9+/]{8,}")


class CapturedLog(logging.Handler):
    """Everything logged in this process, whatever its level, and the files of the other processes."""

    def __init__(self, files: tuple[Path, ...] = ()) -> None:
        super().__init__(logging.DEBUG)
        self.files = files
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self._lines: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append((record.levelno, self.format(record)))

    def all(self, mark: tuple[int, dict[Path, int]] | None = None) -> str:
        """The whole text since then, of every level and file."""
        seen, lengths = mark or (0, {})
        lines = [line for _, line in list(self._lines)[seen:]]
        return "\n".join([*lines, *(_text(file)[lengths.get(file, 0) :] for file in self.files)])

    def mark(self) -> tuple[int, dict[Path, int]]:
        """Where the log stands now."""
        return len(self._lines), {file: len(_text(file)) for file in self.files}

    def since(self, mark: tuple[int, dict[Path, int]]) -> str:
        """What an administrator sees since then: warnings, and every line of the files."""
        seen, lengths = mark
        lines = [line for level, line in list(self._lines)[seen:] if level >= logging.WARNING]
        return "\n".join([*lines, *(_text(file)[lengths[file] :] for file in self.files)]).strip()


def leaks(text: str, secrets: dict[str, str]) -> list[str]:
    """The names of the secrets that stand in a text, and the forms that only secrets have."""
    found = [name for name, value in secrets.items() if value and value in text]
    return found + [f"form {match[0][:12]}" for match in _FORMS.finditer(text)][:3]


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

"""What the demo tells: numbered steps in plain words, each with what was seen."""

import time

import click


class Narrator:
    """Prints steps and what was found; `total` steps in all."""

    def __init__(self, total: int) -> None:
        self._total, self._step = total, 0
        self._began = time.monotonic()

    def step(self, text: str) -> None:
        """Announce what comes now."""
        self._step += 1
        seconds = time.monotonic() - self._began
        click.secho(f"\n[{self._step}/{self._total}] {text}  ({seconds:.0f} s)", bold=True)

    def seen(self, text: str) -> None:
        """Something that was checked and is so."""
        click.echo(f"      {click.style('ok', fg='green')}  {text}")

    def fact(self, text: str) -> None:
        """Something worth knowing."""
        click.echo(f"          {text}")

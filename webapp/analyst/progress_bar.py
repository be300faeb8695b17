"""How far a long command is, where somebody watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float, int], None]]:
    """A bar on a terminal, nothing elsewhere: it hears the share that is done, 0 to 1, and the rows."""
    if not sys.stderr.isatty():
        yield lambda _share, _rows: None
        return
    from rich.console import Console  # noqa: PLC0415 - scripts need no bar
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(what),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0, rows=0)
        yield lambda share, rows: bar.update(task, completed=share, rows=rows)

"""How tests are shared out among the processes of `pytest -n`: one by one, those of the browser together.

They share one browser and one survey in real processes, which take longer to start than most tests to run.
The marker `xdist_group` would say the same, but pytest 9 ignores the names that it gives to tests.
"""

from xdist.scheduler import LoadScopeScheduling

_TOGETHER = "tests/browser/"


class BrowserTogether(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """The largest part goes out first, and that is the browser's."""

    def _split_scope(self, nodeid: str) -> str:
        return _TOGETHER if nodeid.startswith(_TOGETHER) else nodeid

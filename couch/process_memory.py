"""Keeps the processes of a device small: it has little memory, and serves one household.

glibc gives each thread an arena of its own and hands freed memory back late, which costs the page's process 5
MB of 38 (measured after some dozen pages). Source: mallopt(3).
"""

import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # names of glibc's malloc.h
_SMALL_BYTES = 64 * 1024


def hand_memory_back() -> bool:
    """Tell the C library to return freed memory at once; False where it is another library than glibc."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes  # noqa: PLC0415 - nobody else needs it

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_ARENA_MAX, 1), (_TRIM_THRESHOLD, _SMALL_BYTES), (_MMAP_THRESHOLD, _SMALL_BYTES))
    return all(mallopt(name, value) == 1 for name, value in settings)

"""The C library is told to keep little."""

import platform

import pytest

from couch.process_memory import hand_memory_back


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_glibc_takes_every_setting() -> None:
    assert hand_memory_back() is True

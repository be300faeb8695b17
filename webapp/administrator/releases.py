"""Which release of the survey devices should run at least: what the settings say, else the centre's own."""

from importlib.metadata import PackageNotFoundError, version

import msgspec

from webapp.administrator.thresholds import Thresholds


def with_release(limits: Thresholds) -> Thresholds:
    """`limits` with an oldest release; none where the centre runs from a work tree that has no number."""
    if limits.oldest_release is not None:
        return limits
    try:
        own = version("household-energy-survey")
    except PackageNotFoundError:
        return limits
    return msgspec.structs.replace(limits, oldest_release=own)

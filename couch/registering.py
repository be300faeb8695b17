"""What the researchers' pages and provisioning say to each other about registering: values alone.

The pages know forms, provisioning knows the certificate authority and the order of writing; `survey.py` hands
the one to the other.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from couch.errors import Fault


class DeviceStage(Enum):
    """How far a device is on its way into the survey."""

    INVITED = "invited"  # a bundle stands here, and its one-time code can still be used
    UNINVITED = "uninvited"  # there is no bundle here with a code that can be used
    JOINED = "joined"
    REVOKED = "revoked"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDevice:
    """`expires`: the end of the bundle's one-time code, real time; None: there is no bundle here.
    `certificate_ends`: of the newest certificate that was issued to it; None: none was.
    """

    device: str
    name: str
    meters: int
    stage: DeviceStage
    expires: datetime | None = None
    certificate_ends: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What creating did. `left`: ids of documents that stood there with other content; they stay."""

    household: str
    written: int
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCorrection:
    """New values are written; `documents` may still have old ones somewhere.

    `running`: they are being removed now; else `reason` says why that ended before its end.
    """

    household: str
    documents: tuple[str, ...]
    running: bool
    reason: str = ""


class ChangedMeanwhile(Fault):
    """Somebody else changed documents since they were read; those stay as they are."""

    def __init__(self, documents: tuple[str, ...]) -> None:
        super().__init__(
            f"changed by somebody else meanwhile: {', '.join(documents)}. Read them again before you write."
        )
        self.documents = documents


__all__ = ["ChangedMeanwhile", "DeviceStage", "OpenCorrection", "Registered", "RegisteredDevice"]

"""What a device notes of its pushes in `_local/transmission`: the agent writes it, the page reads it.

Sequences of the replica, not times: a device's clock may have been wrong when something was written.
"""

import msgspec

from couch.database import Database

LOCAL = "transmission"


class TransmissionNote(msgspec.Struct, frozen=True, kw_only=True):
    """`through`: a push of everything passed this sequence; `lacking`: of the measurements up to there, how
    many the centre does not hold, since it refused them; `decided`: a push of what may be sent in every state
    (consents, reports, answers) passed this sequence.
    """

    through: str = "0"
    lacking: int = 0
    decided: str = "0"


def read_note(replica: Database) -> TransmissionNote:
    """Raises CouchError."""
    return msgspec.convert(replica.local(LOCAL) or {}, TransmissionNote)


def write_note(replica: Database, note: TransmissionNote) -> None:
    """Raises CouchError."""
    replica.put_local(LOCAL, msgspec.to_builtins(note))

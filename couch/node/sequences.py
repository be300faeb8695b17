"""Update sequences as clients see them: `<number>-<which database this counts>`, opaque to them.

A sequence of another incarnation of a database (deleted and created anew, or an older copy put back) means
nothing here, so whoever asks with one starts from the beginning, as with CouchDB.
"""

import base64
import struct

from couch.node.answers import bad_request

_MARK_SIZE = 16


def sequence_text(seq: int, instance: str) -> str:
    """The sequence `seq` of the database incarnation `instance`; before the first change all are alike."""
    return plain_sequence(0) if seq == 0 else f"{seq}-{instance[:_MARK_SIZE]}"


def parse_sequence(text: str, instance: str, newest: int) -> int:
    """The number that `text` stands for in this incarnation; 0 for a sequence of another one.

    Raises:
        HttpError: 400 where `text` is no sequence.
    """
    if text == "0":
        return 0
    if text == "now":
        return newest
    number, hyphen, mark = text.strip('"').partition("-")
    if not hyphen or not mark or not (number.isascii() and number.isdigit()):
        raise bad_request("Malformed sequence supplied in 'since' parameter.")
    if int(number) == 0:
        return 0
    same = mark == instance[:_MARK_SIZE] or mark == _packed(int(number))
    return int(number) if same and int(number) <= newest else 0


def plain_sequence(seq: int) -> str:
    """A sequence in the form in which CouchDB gives purge sequences, and update sequences beside listings.

    It is base64 of an Erlang term: one node's name, the whole range of hashes, the number.
    """
    return f"{seq}-{_packed(seq)}"


def _packed(seq: int) -> str:
    node = b"node1@127.0.0.1"
    term = b"\x83l" + struct.pack(">I", 1) + b"h\x03d" + struct.pack(">H", len(node)) + node
    term += b"l" + struct.pack(">I", 2) + b"a\x00n\x04\x00\xff\xff\xff\xffj" + _integer(seq) + b"j"
    return base64.urlsafe_b64encode(term).rstrip(b"=").decode()


def _integer(value: int) -> bytes:
    """Source: Erlang external term format, SMALL_INTEGER_EXT, INTEGER_EXT, SMALL_BIG_EXT."""
    if value < 256:
        return b"a" + bytes([value])
    if value < 2**31:
        return b"b" + struct.pack(">i", value)
    digits = value.to_bytes((value.bit_length() + 7) // 8, "little")
    return b"n" + bytes([len(digits), 0]) + digits

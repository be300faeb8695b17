"""Request targets: one form each, and whatever is mangled never reaches another database."""

import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couch.admission import Admitted
from webapp.gateway.target import BadTarget, parse_target

sys.path.insert(0, str(Path(__file__).parent))
from gateway_samples import ASKED, OTHER_HOUSEHOLD, OWN, ask


def test_a_target_is_split_and_decoded():
    target = parse_target("/a-b/meter%3a1:2/?start_key=%22x%22&limit=5")
    assert target.segments == ("a-b", "meter:1:2", "")
    assert target.query == {"start_key": '"x"', "limit": "5"}


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "*",
        "household-x",
        "//household-x",
        "/household-x//_security",
        "/household-x/_security//",
        "https://127.0.0.1/household-x",
        "127.0.0.1:5984",
        "/household-x%2F_security",
        "/household-x%2f..%2fregistry",
        "/household-x/../registry",
        "/household-x/./_security",
        "/household-x/..",
        "/household-x/%2e%2e/registry",
        "/household-x/%2E./registry",
        "/household-x/.%2e/registry",
        "/household-x/%252e%252e/registry",
        "/household-x/..%5cregistry",
        "/household-x\\..\\registry",
        "/household-x/%5Fsecurity",
        "/%68ousehold-x",
        "/household-x/_security%00",
        "/household-x/_security%0a",
        "/household-x/_security\r\nX: y",
        "/household-x/_security ",
        "/household-x/_security\t",
        "/household-x/_security;x=1",
        "/household-x/_security#x",
        "/household-x/_security?",
        "/household-x/_security?a",
        "/household-x/_security?a=",
        "/household-x/_security?=a",
        "/household-x/_security?a=1&",
        "/household-x/_security?a=1&&b=2",
        "/household-x/_security?a=1;b=2",
        "/household-x/_security?a=1&a=2",
        "/household-x/_security?a=1+2",
        "/household-x/_security?a=%2541",
        "/household-x/_security?a=%FF",
        "/household-x/_security?a=%C0%AF",
        "/household-x/_security?a=%00",
        "/household-x/_security?a=%0d%0aX",
        "/household-x/_security?a=%7F",
        "/household-x/_security?a=%4",
        "/household-x/_security?a=%zz",
        "/household-x/_security?%61=1",
        "/household-x/_security?A=1",
        "/household-x/_security??a=1",
        "/h\u00e4usehold-x",
        "/household\u2215x",
        "/household-x/_security\u2028",
        "/" + "a" * 9000,
    ],
)
def test_every_other_form_is_refused(raw):
    with pytest.raises(BadTarget):
        parse_target(raw)


_PIECES = """/ // \\ %2F %2f %5C %252F %25 . .. /.. /../ /./ %2e%2e %00 %0a + ; # ? & = @ : %3A %5f _
registry /../registry _users http://x /_all_dbs /_replicate feed=continuous &include_docs=true"""
SPOILERS = st.sampled_from(
    [*_PIECES.split(), f"/household-{OTHER_HOUSEHOLD}", "\r\n", "\n", "\t", " ", "\x00", "\xff"]
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE"])


@st.composite
def mangled(draw):
    """A target that a device sends, with pieces cut out, put in and swapped."""
    target = draw(st.sampled_from([row[1] for row in ASKED]))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(target)))
        cut = draw(st.integers(0, 3))
        piece = draw(SPOILERS | st.text(max_size=3))
        target = target[:at] + piece + target[at + cut :]
    return target


def read_by_others(target: str) -> list[str]:
    """How others could split the path: as CouchDB does, empty parts dropped, each decoded."""
    parts = [part for part in target.partition("?")[0].split("/") if part]
    return [unquote(part) for part in parts]


def never_another_database(method: str, target: str) -> None:
    answer = ask(method, target)
    if not isinstance(answer, Admitted) or answer.door != "database":
        return
    parts = read_by_others(target)
    assert f"/{parts[0]}" == OWN
    assert not {".", ".."} & set(parts)
    assert not any("/" in part or "%" in part or "\\" in part for part in parts)
    assert len(parts) <= 3
    if len(parts) > 1:
        assert (
            parts[1] == "_local" if len(parts) == 3 else parts[1] not in ("_design", "_all_dbs", "_replicate")
        )
    assert "continuous" not in target
    assert "include_docs=true" not in target


@settings(max_examples=600, deadline=None)
@given(METHODS, mangled())
def test_a_mangled_target_never_opens_another_database(method, target):
    never_another_database(method, target)


@settings(max_examples=500, deadline=None)
@given(METHODS, st.text(max_size=60))
def test_any_text_is_judged_and_opens_no_other_database(method, target):
    never_another_database(method, target)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="/.%25eEfF2cC5\\ab-_:?=&", max_size=40))
def test_what_is_accepted_is_read_alike_by_everybody(target):
    try:
        read = parse_target("/" + target)
    except BadTarget:
        return
    assert [part for part in read.segments if part] == read_by_others("/" + target)

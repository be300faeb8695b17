"""The page of a copy: complete by itself, harmless whatever stands in the records."""

from html.parser import HTMLParser

from provisioning.rights.copy_page import page

UUID = "00000000-0000-4000-8000-000000000001"


def copied(**records: object) -> dict[str, object]:
    return {
        "household": UUID,
        "made_at": "2027-03-01T12:00:00Z",
        "pseudonym": "a" * 32,
        "pseudonyms": [{"kind": "household", "uuid": UUID, "pseudonym": "a" * 32}],
        "records": records,
        "meters": {UUID: {"measurements": 3, "gaps": 1, "first": "2027-01-01T00:00:00Z", "last": ""}},
        "research_meters": {},
        "files": [{"name": "measurements.csv", "records": 3, "bytes": 9, "sha256": "b" * 64}],
    }


class Tags(HTMLParser):
    """The tags and attributes of a page; every tag that opens has to close."""

    VOID = ("meta", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    tags = Tags("".join(page(copied(household=[{"type": "report", "text": "x"}]))))
    assert not {"script", "link", "img", "iframe", "form"} & set(tags.seen)
    assert tags.attributes <= {"lang", "charset", "name", "content", "class"}


def test_what_stands_in_a_record_cannot_become_markup() -> None:
    text = "".join(page(copied(household=[{"type": "report", "text": "<script>alert(1)</script>"}])))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_fields_are_explained_in_both_languages_and_unknown_ones_named() -> None:
    record = {"_id": "registration", "type": "registration", "contact": {"name": "Ada"}, "shoe_size": 38}
    text = "".join(page(copied(household=[record])))
    for part in (
        "Ihre Anmeldung",
        "Your registration",
        "Ansprechperson",
        "Contact",
        "Ada",
        "shoe_size",
        "38",
    ):
        assert part in text


def test_empty_sections_say_so() -> None:
    text = "".join(page(copied()))
    assert "Hier ist nichts gespeichert." in text

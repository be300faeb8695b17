"""The list of households, what it says of each, and finding one."""

from datetime import timedelta
from typing import Any

import pytest

from couch.documents import ConsentState, DeviceSummary
from couch.errors import Unreachable
from webapp.researcher.household_pages import PAGE
from webapp.researcher.standing import standing

GRANTED, REVOKED = ConsentState.GRANTED, ConsentState.REVOKED


def put(centre: Any, *summaries: Any) -> None:
    for summary in summaries:
        centre.registry.put_once(summary.to_json())


def names(page: str) -> list[int]:
    """The numbers of the sample households in the order of the page's table."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [int(part[:3]) for part in body.split(">Household ")[1:]]


def walk(browser: Any, address: str) -> list[list[int]]:
    """Every page from the one at `address` on, by the links to the next ones."""
    pages = []
    while address:
        page = browser.get(address).text
        pages.append(names(page))
        address = link(page, "next")
    return pages


def link(page: str, rel: str) -> str:
    """The address that leads on; empty where there is none."""
    before, found, after = page.partition(f'rel="{rel}" href="')
    return after.partition('"')[0].replace("&amp;", "&") if found and before else ""


def test_households_are_counted_by_their_consent(centre: Any, sample: Any) -> None:
    states = [GRANTED] * 3 + [REVOKED] * 2
    put(centre, *(sample.summary(number, consent=state) for number, state in enumerate(states)))
    page = centre.signed_in("rosa").get("/households").text
    for count, word in ((3, "granted"), (2, "revoked"), (0, "not granted")):
        before, _, after = page.partition(f"<strong>{count}</strong>")
        assert before
        assert after.split("</li>")[0].count(f">{word}<") == 1


def test_a_row_shows_the_last_measurement_completeness_and_what_was_refused(
    centre: Any, sample: Any, now: Any
) -> None:
    beat = DeviceSummary(device=sample.device, name="Cellar", heartbeat_at=now, backlog=7, refused=1)
    one = sample.summary(
        1,
        consent=GRANTED,
        granted_at=now - timedelta(days=400),
        last_slot=now - timedelta(minutes=22),
        devices=(beat,),
        meters=1,
    )
    put(centre, one)
    month = centre.server.add("research-2026-06")
    midnight = now.replace(hour=0, minute=0)
    for number in range(1, 337):  # half of the slots of seven days
        month.put_once(sample.research(one.pseudonym, midnight - number * timedelta(minutes=15)))
    page = centre.signed_in("adam").get("/households").text
    for words in ("Household 001", "22 minutes ago", "50%", "1 refused", "Karlsruhe"):
        assert words in page
    assert "(late)" not in page


@pytest.mark.parametrize(
    ("consent", "hours", "late"),
    [
        (ConsentState.GRANTED, 1, False),
        (ConsentState.GRANTED, 3, True),
        (ConsentState.GRANTED, None, True),
        (ConsentState.NOT_GRANTED, None, False),
        (ConsentState.REVOKED, 300, False),
    ],
)
def test_a_household_is_late_only_while_it_should_send(
    sample: Any, now: Any, consent: ConsentState, hours: int | None, late: bool
) -> None:
    slot = None if hours is None else now - timedelta(hours=hours)
    assert standing(sample.summary(1, consent=consent, last_slot=slot), now).late is late


def test_the_newest_sign_of_life_of_all_devices_counts(sample: Any, now: Any) -> None:
    devices = tuple(
        DeviceSummary(device=sample.device, name="x", heartbeat_at=at, backlog=backlog)
        for at, backlog in ((now - timedelta(hours=1), 3), (None, None), (now - timedelta(hours=2), 4))
    )
    found = standing(sample.summary(1, devices=devices), now)
    assert (found.heard_at, found.backlog) == (now - timedelta(hours=1), 7)


def test_a_sign_of_life_counts_by_the_centre_s_clock(sample: Any, now: Any) -> None:
    wrong = DeviceSummary(
        device=sample.device,
        name="x",
        heartbeat_at=now + timedelta(days=300),
        heard_at=now - timedelta(hours=3),
    )
    assert standing(sample.summary(1, devices=(wrong,)), now).heard_at == now - timedelta(hours=3)


@pytest.mark.parametrize("column", ["name", "city", "consent", "complete", "last", "devices"])
@pytest.mark.parametrize("down", [False, True])
def test_a_long_list_is_turned_without_loss_by_each_column_and_way(
    centre: Any, sample: Any, now: Any, column: str, down: bool
) -> None:
    count = PAGE + 5
    for number in range(count):
        slot = None if number % 7 == 0 else now - timedelta(hours=number % 5)
        state = list(ConsentState)[number % 3]
        put(centre, sample.summary(number, city=f"C{number % 4}", consent=state, last_slot=slot))
    browser = centre.signed_in("rosa")
    address = f"/households?sort={column}" + ("&order=down" if down else "")
    first, second = walk(browser, address)
    assert sorted(first + second) == list(range(count))
    assert len(first) == PAGE
    assert names(browser.get(link(browser.page, "prev")).text) == first
    up = [number for page in walk(browser, f"/households?sort={column}") for number in page]
    assert first + second == (up[::-1] if down else up)


def test_the_heads_of_the_columns_sort_and_say_which_way(centre: Any, sample: Any) -> None:
    put(centre, sample.summary(1), sample.summary(2))
    browser = centre.signed_in("rosa")
    page = browser.get("/households?sort=city&city=karl").text
    assert 'aria-sort="ascending"><a href="/households?city=karl&amp;sort=city&amp;order=down"' in page
    assert '<a href="/households?city=karl&amp;sort=last"' in page
    assert names(browser.get("/households?order=down").text) == [2, 1]


def test_no_address_holds_a_persons_name(centre: Any, sample: Any) -> None:
    put(centre, *(sample.summary(number) for number in range(PAGE + 5)))
    browser = centre.signed_in("rosa")
    pages = [browser.get("/households").text]
    pages.append(browser.send("/households/search", text="household").text)
    assert names(pages[1]) == list(range(PAGE))
    for page in pages:
        addresses = [part.split('"')[0] for part in page.split('href="')[1:] + page.split('action="')[1:]]
        assert not [address for address in addresses if "Household" in address or "%20" in address]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("consent=granted", [1, 2, 3]),
        ("consent=granted&late=yes", [2, 3]),
        ("without_device=yes", [1, 3, 4, 5]),
        ("refused=yes", [2]),
        ("erased=yes", [5]),
        ("erased=no&consent=revoked", [4]),
        ("city=koln", [3]),
        ("city=MÖLLN", [4]),
        ("below=50", [2]),
        ("consent=granted&order=down", [3, 2, 1]),
        ("consent=wrong&below=x&late=perhaps&erased=so&sort=no", [1, 2, 3, 4, 5]),
    ],
)
def test_filters(centre: Any, sample: Any, now: Any, filters: str, found: list[int]) -> None:
    beat = DeviceSummary(device=sample.device, name="x", refused=2)
    day = timedelta(days=1)
    put(
        centre,
        sample.summary(1, consent=GRANTED, last_slot=now, granted_at=now),
        sample.summary(2, consent=GRANTED, devices=(beat,), granted_at=now - 9 * day, meters=1),
        sample.summary(3, consent=GRANTED, city="Köln am Rhein"),
        sample.summary(4, consent=REVOKED, city="Mölln"),
        sample.summary(5, consent=REVOKED, erased=True, name=None, city=None),
    )
    body = centre.signed_in("rosa").get(f"/households?{filters}").text.partition("<tbody>")[2]
    rows = [part[: len("5f000000-0000-4000-8000-000000000001")] for part in body.split('href="/households/')]
    assert [int(row[-12:], 16) for row in rows[1:] if row.startswith("5f")] == found


@pytest.mark.parametrize(
    "text", ["mul", "MÜLLER-l", "lud", "Köl", "koln", "5f000000-0000-4000-8000-000000000001"]
)
def test_a_household_is_found_by_any_beginning(centre: Any, sample: Any, text: str) -> None:
    put(centre, sample.summary(1, name="Ada Müller-Lüdenscheidt", city="Köln"), sample.summary(2, city="Au"))
    browser = centre.signed_in("rosa")
    browser.get("/households")
    answer = browser.send("/households/search", text=text)
    if answer.status_code == 303:
        assert text in answer.location
    else:
        assert "Ada Müller" in answer.text
        assert "Household 002" not in answer.text


def test_what_was_found_is_turned_by_forms(centre: Any, sample: Any) -> None:
    put(centre, *(sample.summary(number) for number in range(PAGE + 3)))
    browser = centre.signed_in("rosa")
    browser.get("/households")
    page = browser.send("/households/search", text="Househ").text
    assert names(page) == list(range(PAGE))
    following = {
        name: page.rpartition(f'name="{name}" value="')[2].partition('"')[0] for name in ("key", "document")
    }
    last = browser.send("/households/search", text="Househ", **following).text
    assert names(last) == list(range(PAGE, PAGE + 3))
    assert "Next page" not in last


def test_nothing_is_found_of_nothing(centre: Any, sample: Any) -> None:
    put(centre, sample.summary(1))
    browser = centre.signed_in("rosa")
    browser.get("/households")
    for text in ("", "   ", "xyz", "\ufff0"):
        assert "begins so" in browser.send("/households/search", text=text).text


def test_a_summary_that_breaks_its_model_is_named_and_costs_no_other(centre: Any, sample: Any) -> None:
    put(centre, sample.summary(1), sample.summary(2))
    broken = f"household:{sample.summary(1).household}"
    centre.registry.docs[broken]["meters"] = "many"
    page = centre.signed_in("rosa").get("/households").text
    assert broken in page
    assert "Household 002" in page


def test_an_unreachable_couchdb_is_said_kindly(centre: Any) -> None:
    browser = centre.signed_in("rosa")
    centre.registry.fails = Unreachable("http://10.0.0.1 cannot be reached.")
    answer = browser.get("/households")
    assert answer.status_code == 503
    assert "nothing is lost" in answer.text
    assert "10.0.0.1" not in answer.text

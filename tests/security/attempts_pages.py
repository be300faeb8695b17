"""The people's pages: coming in without an account, as somebody else, or with what has ended."""

# ruff: noqa: E501 - a table: a row is read across

from collections.abc import Callable
from typing import Any

from attempt import Attempt
from page_visitor import Visitor
from raw_client import Reply
from security_pages import PASSWORDS

_TO_SIGN_IN = "303 /sign-in"
_SOURCES = iter(range(100, 250))


def _from_elsewhere() -> str:
    """An address that nobody asked from yet."""
    return f"127.0.1.{next(_SOURCES)}"


def _steps(tries: str, steps: Callable[[Any], Reply], must: str, *, settles: bool = False) -> Attempt:
    return Attempt(tries=f"at the pages: {tries}", to="pages", steps=steps, must=must, settles=settles)


def _without_token(world: Any) -> Reply:
    visitor = Visitor(world)
    visitor.get("/sign-in")
    return visitor.post("/sign-in", token="", name="rita", password=PASSWORDS["rita"])


def _with_anothers_token(world: Any) -> Reply:
    other = Visitor(world)
    return Visitor(world).post("/sign-in", token=other.form_token(), name="rita", password=PASSWORDS["rita"])


def _with_a_token_from_before(world: Any) -> Reply:
    """A token that was handed out before signing in, used in the session: it could have been planted."""
    visitor = Visitor(world, _from_elsewhere())
    planted = visitor.form_token()
    _signed_in(visitor)
    return visitor.post("/own-account/sign-out-everywhere", token=planted)


def _sign_out_from_another_site(world: Any) -> Reply:
    visitor = _signed_in(Visitor(world, _from_elsewhere()))
    return visitor.post("/sign-out", "Origin: https://evil.example.org", token="")


def _form_on_another_site(world: Any) -> Reply:
    """Behind nginx the pages look at where a form stood, too; on plain http the token alone counts."""
    visitor = _signed_in(Visitor(world, _from_elsewhere()))
    token = visitor.form_token("/own-account") if world.door == "nginx" else "planted"
    return visitor.post("/sign-out", "Referer: https://evil.example.org/sign-in", token=token)


def _fixation(world: Any) -> Reply:
    """The attacker plants an id, the victim signs in with it, the attacker uses it."""
    planted = "A" * 43
    victim = Visitor(world, _from_elsewhere())
    victim.cookies[victim.session] = planted
    _signed_in(victim)
    attacker = Visitor(world)
    attacker.cookies[attacker.session] = planted
    return attacker.get("/households")


def _after_signing_out(world: Any) -> Reply:
    visitor = _signed_in(Visitor(world, _from_elsewhere()))
    kept = dict(visitor.cookies)
    visitor.post("/sign-out", token=visitor.form_token("/own-account"))
    visitor.cookies = kept
    return visitor.get("/households")


def _after_losing_the_role(world: Any) -> Reply:
    visitor = _signed_in(Visitor(world, _from_elsewhere()), "tess")
    assert visitor.get("/households").statuses == (200,)
    world.accounts.directory.set_roles("tess", ["analyst"])
    try:
        return visitor.get("/households")
    finally:
        world.accounts.directory.set_roles("tess", ["researcher"])


def _after_being_disabled(world: Any) -> Reply:
    visitor = _signed_in(Visitor(world, _from_elsewhere()), "tess")
    world.accounts.directory.disable("tess")
    try:
        return visitor.get("/households")
    finally:
        world.accounts.directory.enable("tess")


def _after_a_new_password(world: Any) -> Reply:
    visitor = _signed_in(Visitor(world, _from_elsewhere()), "tess")
    world.accounts.directory.change_password("tess", world.accounts.hashed(PASSWORDS["tess"]))
    return visitor.get("/households")


def _analyst_at_researchers(world: Any) -> Reply:
    return _signed_in(Visitor(world, _from_elsewhere()), "alan").get("/households")


def _analyst_at_management(world: Any) -> Reply:
    return _signed_in(Visitor(world, _from_elsewhere()), "alan").get("/management/household")


def _guesses(world: Any) -> Reply:
    """The seventh try is not looked at any more, even with the right password."""
    visitor = Visitor(world, _from_elsewhere())
    for number in range(7):
        visitor.sign_in("rita", f"guessed password {number}")
    return visitor.sign_in("rita")


def _guesses_from_many_addresses(world: Any) -> Reply:
    """The addresses are only claimed, in a header."""
    visitor = Visitor(world, _from_elsewhere())
    for number in range(7):
        visitor.sign_in("rita", f"guessed password {number}", f"X-Forwarded-For: 203.0.113.{number}")
    return visitor.sign_in("rita", None, "X-Forwarded-For: 203.0.113.99")


def _locks_somebody_out(world: Any) -> Reply:
    """The owner comes in all the same, from elsewhere."""
    visitor = Visitor(world, _from_elsewhere())
    for number in range(8):
        refused = visitor.sign_in("rita", f"guessed password {number}")
    assert Visitor(world, _from_elsewhere()).sign_in("rita").statuses == (303,)
    return refused


def _finds_names_out(world: Any) -> Reply:
    """What is answered to a name that there is and to one that there is not is the same."""
    there = Visitor(world, _from_elsewhere()).sign_in("rita", "guessed password")
    absent = Visitor(world, _from_elsewhere()).sign_in("nobody-at-all", "guessed password")
    assert _about(there) == _about(absent)
    return there


def _about(reply: Reply) -> str:
    text = reply.text.partition('role="alert"')[2]
    return text.partition("</p>")[0]


def _used_link(world: Any) -> Reply:
    path = f"/link/{world.accounts.links['rita']}"
    visitor = Visitor(world, _from_elsewhere())
    return visitor.post(path, new="another password 1", again="another password 1")


def _link_twice(world: Any) -> Reply:
    """The invitation serves its owner once, and then nobody."""
    path = f"/link/{world.accounts.links['open']}"
    for words in ("first new password", "second new password"):
        visitor = Visitor(world, _from_elsewhere())
        last = visitor.post(path, token=visitor.form_token("/sign-in"), new=words, again=words)
    assert not world.accounts.right(world.accounts.directory.find("new").password_hash, "second new password")
    return last


def _signed_in(visitor: Visitor, name: str = "rita") -> Visitor:
    answer = visitor.sign_in(name)
    assert answer.statuses == (303,), answer.text
    return visitor


def _form(tries: str, must: str, source: str = "", **fields: str) -> Attempt:
    def steps(world: Any) -> Reply:
        return Visitor(world, source or _from_elsewhere()).post("/sign-in", **fields)

    return _steps(tries, steps, must)


def _asks(tries: str, target: str, must: str, method: str = "GET", *headers: str, nginx: str = "") -> Attempt:
    return Attempt(
        tries=f"at the pages: {tries}",
        to="pages",
        method=method,
        target=target,
        headers=headers,
        must=must,
        nginx=nginx,
    )


ATTEMPTS = (
    _asks("opens the households without signing in", "/households", _TO_SIGN_IN),
    _asks("opens a household without signing in", "/households/<other>", _TO_SIGN_IN),
    _asks("opens the export without signing in", "/export", "303 /sign-in or 404"),
    _asks("opens an account without signing in", "/own-account", _TO_SIGN_IN),
    _asks("sends a made-up session", "/households", _TO_SIGN_IN, "GET",
          "Cookie: survey_centre=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; __Host-survey_centre=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    _asks("reads the program by a path", "/static/..%2fsettings.py", "404"),
    _asks("reads the program by dots", "/static/../settings.py", "404 or 400"),
    _asks("comes under another name", "/sign-in", "421", "GET", "Host: evil.example.org", nginx="421"),
    _asks("deletes the sign-in page", "/sign-in", "405", "DELETE"),
    _asks("traces", "/sign-in", "405", "TRACE"),
    _asks("guesses a one-time link", "/link/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "404"),
    _asks("uses a link that has ended", "/link/<link_expired>", "404"),
    _asks("pushes documents at the pages", "/household-<own>/_bulk_docs", "404", "POST"),
    _asks("reads the database through the pages", "/_all_dbs", "404"),
    _steps("signs in without the form's token", _without_token, "400"),
    _steps("signs in with another's form token", _with_anothers_token, "400"),
    _steps("uses a form token from before the sign-in", _with_a_token_from_before, "400"),
    _steps("signs somebody out from another site", _sign_out_from_another_site, "400"),
    _steps("has a form of another site sent", _form_on_another_site, "400"),
    _steps("plants a session id and waits for a sign-in", _fixation, _TO_SIGN_IN),
    _steps("uses a session after its end", _after_signing_out, _TO_SIGN_IN),
    _steps("uses a session after its role was taken away", _after_losing_the_role, "403"),
    _steps("uses a session after its account was disabled", _after_being_disabled, _TO_SIGN_IN),
    _steps("uses a session after the password was changed", _after_a_new_password, _TO_SIGN_IN, settles=True),
    _steps("as an analyst, opens the households", _analyst_at_researchers, "403"),
    _steps("as an analyst, reads the management list", _analyst_at_management, "403 role-missing"),
    _steps("guesses a password seven times and then knows it", _guesses, "403"),
    _steps("guesses from addresses that it claims", _guesses_from_many_addresses, "403"),
    _steps("guesses until the owner should be locked out", _locks_somebody_out, "403"),
    _steps("finds out which accounts there are", _finds_names_out, "403"),
    _steps("uses a one-time link again", _used_link, "404"),
    _steps("uses an invitation after its owner", _link_twice, "404", settles=True),
    _form("signs in to a disabled account", "403", name="dora", password=PASSWORDS["dora"]),
    _form("signs in to an account without a password", "403", name="late", password=""),
    _form("signs in with a condition for a name", "403", name="rita' OR '1'='1", password="x"),
    _form("signs in with a megabyte for a password", "413 or 403", name="rita", password="x" * 1_000_000),
    _form("signs in with a name of line breaks", "403", name="rita\r\nforged log line", password="guessed it"),
)  # fmt: skip

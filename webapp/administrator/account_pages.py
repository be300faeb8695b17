"""The administrators' pages about accounts: who may sign in, in which roles.

What `survey account` does, by the same functions; only that nobody can take the last administrator away. An
account stands under its number: the address of a page names nobody.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from couch.errors import Fault
from couch.names import ADMINISTRATOR
from webapp import access
from webapp.accounts.account import ROLES, Account, checked_name
from webapp.accounts.administration import Administration, Issued
from webapp.accounts.directory import Directory, LastAdministrator
from webapp.accounts.pages import ROLE_NAMES
from webapp.accounts.services import AccountServices
from webapp.centre_services import services
from webapp.translation import gettext

_log = logging.getLogger(__name__)
blueprint = Blueprint("administrator_accounts", __name__, url_prefix="/accounts")
_ONE = "/<int:number>"
Page = str | tuple[str, int] | Response


@blueprint.app_template_filter("at_second")
def _at_second(seconds: int | None) -> datetime | None:
    """Real seconds since 1970, as accounts keep them."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@blueprint.get("")
@access.roles(ADMINISTRATOR)
def accounts() -> Page:
    """Everybody who may sign in."""
    return render_template(
        "administrator/accounts.html",
        accounts=_directory().all(),
        role_names=ROLE_NAMES,
        done=request.args.get("done", ""),
    )


@blueprint.get("/new")
@access.roles(ADMINISTRATOR)
def new() -> Page:
    """The form of an invitation."""
    return _invitation({}, "", ())


@blueprint.post("/new")
@access.roles(ADMINISTRATOR)
def invite() -> Page:
    """Make the account and show its link, once."""
    name, chosen = request.form.get("name", "").strip(), _chosen()
    faults = _faults(name, chosen)
    if faults:
        return _invitation(faults, name, chosen)
    issued = _administration().invite(name, chosen)
    _log.info("%s invited %s as %s", access.account(), name, ", ".join(issued.account.roles))
    return _link(issued)


@blueprint.get(_ONE)
@access.roles(ADMINISTRATOR)
def account(number: int) -> Page:
    """One account and what can be done with it."""
    return _account(_known(number))


@blueprint.post(f"{_ONE}/roles")
@access.roles(ADMINISTRATOR)
def change_roles(number: int) -> Page:
    """Give the account exactly the roles that are ticked."""
    one, chosen = _known(number), _chosen()
    if not chosen:
        return _account(
            one, {"roles": gettext("Tick at least one role, or lock the account instead.")}, chosen
        )
    return _change(
        one,
        lambda: _directory().set_roles(one.name, chosen, keep_administrator=True),
        f"roles {', '.join(chosen)}",
        field="roles",
    )


@blueprint.post(f"{_ONE}/lock")
@access.roles(ADMINISTRATOR)
def lock(number: int) -> Page:
    """Keep the person out, at once and everywhere."""
    one = _known(number)
    return _change(
        one, lambda: _directory().disable(one.name, keep_administrator=True), "locked", field="lock"
    )


@blueprint.post(f"{_ONE}/unlock")
@access.roles(ADMINISTRATOR)
def unlock(number: int) -> Page:
    """Let the person in again."""
    one = _known(number)
    return _change(one, lambda: _directory().enable(one.name), "unlocked", field="lock")


@blueprint.post(f"{_ONE}/link")
@access.roles(ADMINISTRATOR)
def new_link(number: int) -> Page:
    """Take the password away and show a link to set another, once."""
    one = _known(number)
    if one.disabled:
        return _account(one, {"link": gettext("Unlock the account first.")})
    try:
        issued = _administration().reset(one.name, keep_administrator=True)
    except LastAdministrator:
        return _account(one, {"link": _last_administrator()})
    _log.info("%s gave %s a new link", access.account(), one.name)
    return _link(issued)


@blueprint.post(f"{_ONE}/remove")
@access.roles(ADMINISTRATOR)
def remove(number: int) -> Page:
    """Take the account away for good."""
    one = _known(number)
    if request.form.get("sure") != "yes":
        return _account(one, {"sure": gettext("Tick that you are sure. A lock can be undone, this cannot.")})
    try:
        _directory().remove(one.name, keep_administrator=True)
    except LastAdministrator:
        return _account(one, {"sure": _last_administrator()})
    _log.info("%s removed the account %s", access.account(), one.name)
    return redirect(url_for(".accounts", done="removed"), 303)


def _change(one: Account, change: Callable[[], object], what: str, *, field: str) -> Page:
    try:
        change()
    except LastAdministrator:
        return _account(one, {field: _last_administrator()})
    _log.info("%s changed the account %s: %s", access.account(), one.name, what)
    if one.name == access.account() and what == "locked":
        return redirect(url_for("sign_in.form"), 303)
    return redirect(url_for(".accounts", done="changed"), 303)


def _faults(name: str, chosen: tuple[str, ...]) -> dict[str, str]:
    """What is wrong with an invitation, by field."""
    faults = {}
    try:
        checked_name(name)
    except Fault:
        faults["name"] = gettext(
            "Take 2 to 64 lower-case letters, digits and . _ - with a letter first, for example ada."
        )
    else:
        if _directory().find(name) is not None:
            faults["name"] = gettext("There is an account of this name already. Choose another one.")
    if not chosen:
        faults["roles"] = gettext("Tick at least one role.")
    return faults


def _chosen() -> tuple[str, ...]:
    """The roles that are ticked."""
    ticked = request.form.getlist("roles")
    return tuple(role for role in ROLES if role in ticked)


def _last_administrator() -> str:
    return gettext(
        "Nobody would be left who may administer accounts. Make somebody else an administrator first, who "
        "has set a password."
    )


def _invitation(faults: dict[str, str], name: str, chosen: tuple[str, ...]) -> Page:
    page = render_template(
        "administrator/invite.html", faults=faults, name=name, chosen=chosen, roles=_roles()
    )
    return (page, 422) if faults else page


def _account(
    one: Account, faults: dict[str, str] | None = None, chosen: tuple[str, ...] | None = None
) -> Page:
    page = render_template(
        "administrator/account.html",
        it=one,
        own=one.name == access.account(),
        faults=faults or {},
        chosen=one.roles if chosen is None else chosen,
        roles=_roles(),
        sessions=_accounts().sessions.count(one.name),
    )
    return (page, 422) if faults else page


def _link(issued: Issued) -> Page:
    """Shown in the answer itself: a page that could be loaded again would show it twice."""
    return render_template("administrator/link.html", issued=issued)


def _known(number: int) -> Account:
    found = next((one for one in _directory().all() if one.id == number), None)
    if found is None:
        abort(404)
    return found


def _roles() -> list[tuple[str, str]]:
    return [(role, gettext(ROLE_NAMES[role])) for role in ROLES]


def _accounts() -> AccountServices:
    return services().accounts


def _directory() -> Directory:
    return _accounts().directory


def _administration() -> Administration:
    links = _accounts().links
    scheme = "https" if current_app.config["SESSION_COOKIE_SECURE"] else "http"
    base = (links.address or f"{scheme}://{request.host}").rstrip("/")
    return Administration(_directory(), links, lambda: base)

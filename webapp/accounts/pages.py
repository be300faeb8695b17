"""The pages of accounts: setting a password by a one-time link, and one's own account."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from couch.names import ADMINISTRATOR, ANALYST, RESEARCHER
from webapp import access
from webapp.accounts.account import ROLES, Account
from webapp.accounts.passwords import fault_of
from webapp.accounts.services import AccountServices
from webapp.centre_services import services as centre_services
from webapp.site import Entered
from webapp.source import source_of
from webapp.translation import gettext, marked

blueprint = Blueprint("accounts", __name__)
_LINK = "/link/<token>"
ROLE_NAMES = {
    RESEARCHER: marked("researcher"),
    ADMINISTRATOR: marked("administrator"),
    ANALYST: marked("analyst"),
}
Page = str | tuple[str, int] | Response


@blueprint.get(_LINK)
@access.public
def link(token: str) -> Page:
    """The form of an invitation or a reset; looking at it uses nothing up (mail programs look at links)."""
    return _link_form(_accounts().directory.behind_link(token), None)


@blueprint.post(_LINK)
@access.public
def use_link(token: str) -> Page:
    here = _accounts()
    account = here.directory.behind_link(token)
    if account is None:
        return _link_form(None, None)
    fault = _fault_of_new(account.name)
    if fault:
        return _link_form(account, fault)
    hashed = here.passwords.hashed(request.form["new"])
    if here.directory.use_link(token, hashed) is None:  # two at once: the other one was quicker
        return _link_form(None, None)
    access.sign_out()  # whoever this browser was before
    return redirect(url_for("sign_in.form", done="set"), 303)


@blueprint.get("/own-account")  # /account is the REST API's (design section 8)
@access.roles(*ROLES)
def own() -> Page:
    return _own(None)


@blueprint.post("/own-account/password")
@access.roles(*ROLES)
def change_password() -> Page:
    """Asks for the current one: an open session at an unattended screen must not be enough."""
    here = _accounts()
    account = _own_account()
    right, wait_s = here.door.attempt(
        account, account.name, request.form.get("current", ""), source_of(request.remote_addr)
    )
    if not right:
        return _own(
            gettext(
                "Not looked at after too many tries. Please wait %(seconds)s seconds and try again.",
                seconds=int(wait_s) + 1,
            )
            if wait_s > 0
            else gettext("The current password is wrong.")
        )
    fault = _fault_of_new(account.name)
    if fault:
        return _own(fault)
    here.directory.change_password(account.name, here.passwords.hashed(request.form["new"]))
    access.sign_in(Entered(account.roles, account.name))
    return redirect(url_for("accounts.own", done="changed"), 303)


@blueprint.post("/own-account/sign-out-everywhere")
@access.roles(*ROLES)
def sign_out_everywhere() -> Page:
    _accounts().directory.sign_out_everywhere(access.account())
    access.sign_out()
    return redirect(url_for("sign_in.form"), 303)


def _accounts() -> AccountServices:
    """The accounts of the current app."""
    return centre_services().accounts


def _link_form(account: Account | None, fault: str | None) -> Page:
    page = render_template("accounts/link.html", owner=account, fault=fault)
    if account is None:
        return page, 404
    return (page, 422) if fault else page


def _own(fault: str | None) -> Page:
    account = _own_account()
    page = render_template(
        "accounts/own.html",
        owner=account,
        role_name=_role_name,
        sessions=_accounts().sessions.count(account.name),
        fault=fault,
        changed=request.args.get("done") == "changed",
    )
    return (page, 422) if fault else page


def _role_name(role: str) -> str:
    return gettext(ROLE_NAMES[role])


def _own_account() -> Account:
    account = _accounts().directory.find(access.account())
    if account is None:
        raise LookupError("a session of an account that is not there")
    return account


def _fault_of_new(name: str) -> str | None:
    """What is wrong with the new password that was sent, if anything."""
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        return gettext("The two passwords differ. Please type the same one twice.")
    return fault_of(new, name)

"""`survey account`: who may use the centre's pages. It prints one-time links, never a password.

What a command needs is imported when it runs: `survey --help` stays quick.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from webapp.accounts.account import Account
    from webapp.accounts.administration import Administration, Issued

_ROLES = ("researcher", "administrator", "analyst")


def _shared(command: Callable[..., Any]) -> Callable[..., Any]:
    file = click.Path(path_type=Path, dir_okay=False)
    command = click.option("--json", "as_json", is_flag=True, help="Answer with JSON, for scripts.")(command)
    return click.option("--config", required=True, type=file, help="centre_web.toml.")(command)


_roles = click.option(
    "--role", "roles", type=click.Choice(_ROLES), multiple=True, required=True, help="May be given again."
)


@click.group()
def account() -> None:
    """Accounts of researchers, administrators and analysts at the centre's pages.

    Example: survey account add ada --role researcher --config centre_web.toml
    """


@account.command()
@click.argument("name")
@_roles
@_shared
def add(name: str, roles: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Make the account NAME and print the link by which its owner sets the password.

    Example: survey account add ada --role researcher --role analyst --config centre_web.toml
    """
    _tell_link(_administration(config).invite(name, roles), as_json)


@account.command()
@click.argument("name")
@_roles
@_shared
def role(name: str, roles: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Give the account NAME exactly these roles, at once.

    Example: survey account role ada --role administrator --config centre_web.toml
    """
    _tell(_administration(config).directory.set_roles(name, roles), as_json)


@account.command()
@click.argument("name")
@_shared
def disable(name: str, config: Path, as_json: bool) -> None:
    """Keep NAME out and end every session, at once.

    Example: survey account disable ada --config centre_web.toml
    """
    _tell(_administration(config).directory.disable(name), as_json)


@account.command()
@click.argument("name")
@_shared
def enable(name: str, config: Path, as_json: bool) -> None:
    """Let the disabled account NAME in again.

    Example: survey account enable ada --config centre_web.toml
    """
    _tell(_administration(config).directory.enable(name), as_json)


@account.command()
@click.argument("name")
@_shared
def reset(name: str, config: Path, as_json: bool) -> None:
    """Take the password of NAME away, end every session, and print a link to set another.

    Example: survey account reset ada --config centre_web.toml
    """
    _tell_link(_administration(config).reset(name), as_json)


@account.command("list")
@_shared
def list_(config: Path, as_json: bool) -> None:
    """List the accounts.

    Example: survey account list --config centre_web.toml
    """
    found = _administration(config).directory.all()
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in found]))
        return
    for one in found:
        click.echo(_in_words(one))
    if not found:
        click.echo("no accounts yet: survey account add NAME --role ROLE")


def _administration(config: Path) -> "Administration":
    from webapp.accounts.administration import open_administration  # noqa: PLC0415

    return open_administration(config, os.environ)


def _tell_link(issued: "Issued", as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**_as_json(issued.account), "link": issued.url, "valid_until": issued.ends}))
        return
    click.echo(_in_words(issued.account))
    click.echo(f"Give this link to its owner, and to nobody else. It works once, until {issued.ends}:")
    click.echo(issued.url)


def _tell(changed: "Account", as_json: bool) -> None:
    click.echo(json.dumps(_as_json(changed)) if as_json else _in_words(changed))


def _in_words(one: "Account") -> str:
    return f"{one.name}: {', '.join(one.roles)} ({one.state})"


def _as_json(one: "Account") -> dict[str, object]:
    from webapp.accounts.administration import moment  # noqa: PLC0415

    return {
        "name": one.name,
        "roles": list(one.roles),
        "state": one.state,
        "created_at": moment(one.created_at),
        "signed_in_at": None if one.signed_in_at is None else moment(one.signed_in_at),
    }

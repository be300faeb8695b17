"""`python -m couch.node`: the same as `survey node`."""

import sys

import click

from couch.errors import Fault
from couch.node.commands import node

if __name__ == "__main__":
    try:
        node()
    except Fault as err:
        click.echo(str(err), err=True)
        sys.exit(2)

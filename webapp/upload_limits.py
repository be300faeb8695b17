"""How large a request's body may be: small for every form, larger for the few routes that declare it.

The server asks by method and path before it reads a body (nobody is signed in at that moment, so a stranger
may send as much to such a path, and to no other); the app asks again, by route, of whoever may open it.
"""

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, TypeVar

from flask import Flask

View = TypeVar("View", bound=Callable[..., Any])
_DECLARED = "_survey_takes_up_to"


def takes_up_to(largest_bytes: int) -> Callable[[View], View]:
    """Declare that this route takes bodies up to so many bytes, and no more than `largest_bytes`."""

    def declare(view: View) -> View:
        setattr(view, _DECLARED, largest_bytes)
        return view

    return declare


def limit_of(view: Callable[..., Any] | None) -> int | None:
    """What a view declares, in bytes; None: nothing."""
    return getattr(view, _DECLARED, None)


def larger_paths(app: Flask) -> dict[str, int]:
    """The paths whose routes declare a limit of their own, with it. Such routes have no parts that vary."""
    found = {}
    for rule in app.url_map.iter_rules():
        limit = limit_of(app.view_functions[rule.endpoint])
        if limit is not None and "POST" in (rule.methods or ()):
            if rule.arguments:
                raise LookupError(f"{rule.rule} takes larger bodies, so its path must be one")
            found[rule.rule] = limit
    return found


def channel_with(larger: Mapping[str, int]) -> type[Any]:
    """A channel of waitress whose requests may be larger where they are POSTed to one of these paths."""
    from waitress.channel import HTTPChannel  # noqa: PLC0415 - only whoever serves needs it
    from waitress.parser import HTTPRequestParser  # noqa: PLC0415

    class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            limit = larger.get(self.path) if self.command == "POST" else None
            if limit is not None:
                adjusted: Any = copy(self.adj)
                adjusted.max_request_body_size = limit
                self.adj: Any = adjusted

    class Channel(HTTPChannel):  # type: ignore[misc]
        parser_class = Parser

    return Channel

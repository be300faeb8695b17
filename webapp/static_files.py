"""Static files are fetched once: their addresses hold a fingerprint of the content."""

import hashlib
from functools import cache
from pathlib import Path
from posixpath import normpath

from flask import Flask, request
from werkzeug.wrappers import Response

_DIGITS = 12
_FOREVER = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Let `url_for("static", ...)` name the fingerprint as `v`, and answer such an address for good.

    One without it (a script that another one imports) is kept too, but asked for again each time: 304.
    """
    folder = Path(app.static_folder or "")

    @cache
    def fingerprint(name: str) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:_DIGITS]

    @app.url_defaults
    def name_the_content(endpoint: str, values: dict[str, object]) -> None:
        name = str(values.get("filename", ""))
        if endpoint == "static" and (folder / name).is_file():
            values["v"] = fingerprint(name)

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code in {200, 304}:
            # As Flask found it: "a/../b" is b, whether there is an "a" or not; so each file is read once.
            name = normpath((request.view_args or {}).get("filename", ""))
            if request.args.get("v") == fingerprint(name):
                response.headers["Cache-Control"] = _FOREVER
        return response

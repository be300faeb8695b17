"""What makes the device's page installable: the manifest, the service worker and the page for when it cannot
be reached. All of it is the same for everybody and holds nothing of anybody, so it is public.

Browsers run service workers in secure contexts alone (https, or localhost): elsewhere nobody asks for them.
"""

import hashlib
from pathlib import Path
from typing import cast

import msgspec
from flask import Blueprint, Response, current_app, render_template, request, url_for

from webapp import translation
from webapp.access import public
from webapp.site import site
from webapp.translation import Language, gettext, language

blueprint = Blueprint("install", __name__)
_LANGUAGE = "<any(en, de):code>"
_COLOUR, _GROUND = "#0b6b57", "#fbfaf7"  # of the style sheet: accent and ground of the light theme
_WORKER = "service-worker.js"
_SHELL = ("survey.css", "icon.svg", "install.js")  # what the offline page needs
_ICONS = (
    ("icons/icon-192.png", "192x192", "any"),
    ("icons/icon-512.png", "512x512", "any"),
    ("icons/icon-maskable-512.png", "512x512", "maskable"),
)


@blueprint.get(f"/app-{_LANGUAGE}.webmanifest")
@public
def manifest(code: str) -> Response:
    """How the page stands among the apps of a phone or a desktop."""
    translation.speak(code)
    body = {
        "id": "/",
        "start_url": url_for("sign_in.home"),
        "scope": "/",
        "display": "standalone",
        "lang": code,
        "dir": "ltr",
        "name": gettext(site().title),
        "short_name": gettext("Energy"),
        "description": gettext("What the measuring device in your home records, and your consent to it."),
        "theme_color": _COLOUR,
        "background_color": _GROUND,
        "icons": [
            {"src": _static(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in _ICONS
        ],
    }
    return Response(msgspec.json.encode(body), mimetype="application/manifest+json")


@blueprint.get(f"/{_WORKER}")
@public
def worker() -> Response:
    """The script, with what it keeps: addresses that change with their content, so that it changes with them.

    It stands at the root, since a worker serves the addresses below its own alone.
    """
    translation.speak(request.args.get("language"))
    script = (Path(cast(str, current_app.static_folder)) / _WORKER).read_bytes()
    code = language()
    offline = url_for("install.offline", code=code)
    words = render_template("participant/offline.html", sections=(), languages={})
    files = [_static(name) for name in _SHELL]
    version = hashlib.sha256("\n".join([words, *files]).encode()).hexdigest()[:12]
    shell = msgspec.json.encode({"version": version, "offline": offline, "files": files})
    return Response(b"const SHELL = " + shell + b";\n" + script, mimetype="text/javascript")


@blueprint.get(f"/offline/{_LANGUAGE}")
@public
def offline(code: str) -> str:
    """What the service worker shows while the device does not answer: without forms, the same for all."""
    translation.speak(cast(Language, code))
    return render_template("participant/offline.html", sections=(), languages={})


def _static(name: str) -> str:
    return url_for("static", filename=name)

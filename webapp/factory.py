"""The one app factory: a Flask app for a site, closed by default."""

import time
from collections.abc import Callable, Collection
from datetime import UTC, timedelta

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from webapp import access, error_pages, headers, moments, quantities, sign_in, translation
from webapp.site import SERVICES, SITE, Section, Site

_LARGEST_FORM_BYTES = 64 * 1024


def create_app(
    site: Site,
    *,
    secret: bytes,
    cookie: str,
    names: Collection[str] = (),
    https: bool = False,
    wall: Callable[[], float] = time.time,
) -> Flask:
    """A WSGI app that serves `site`.

    `secret` signs the session cookie, which is called `cookie` (two services on one host must not share
    one); `names` are the host names we answer to besides addresses and localhost; `https`: browsers reach us
    over TLS, so the cookie travels over nothing else; `wall`: real seconds since 1970.
    """
    app = Flask("webapp", template_folder="templates", static_folder="static")
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME=cookie,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=https,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=site.lifetime_s),
        MAX_CONTENT_LENGTH=_LARGEST_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=_LARGEST_FORM_BYTES,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
        SURVEY_NAMES=tuple(names),
        SURVEY_WALL=wall,
        SURVEY_SESSION_KEY=site.door.key,
    )
    app.extensions[SITE] = site
    app.extensions[SERVICES] = site.services
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    # In this order before each request: is the name ours, which language, who asks, is the form ours.
    app.before_request(headers.check_host)
    translation.install(app, translation.catalogs())
    app.before_request(access.check)
    CSRFProtect(app)
    app.after_request(headers.protect)

    access.public(app.view_functions["static"])
    app.register_blueprint(sign_in.blueprint)
    for blueprint in site.blueprints:
        app.register_blueprint(blueprint)
    error_pages.install(app)
    moments.install(app, site.clock, site.timezone or UTC)
    quantities.install(app)

    @app.context_processor
    def page() -> dict[str, object]:
        return {"site": site, "sections": _open_sections(site), "account": access.account()}

    return app


def _open_sections(site: Site) -> list[Section]:
    held = access.held_roles()
    return [section for section in site.sections if section.roles & held]

"""The one app factory: a Flask app for a site, closed by default."""

from collections.abc import Collection, Sequence
from datetime import UTC

from flask import Flask, request, url_for
from flask_wtf.csrf import CSRFProtect

from webapp import (
    access,
    chart,
    error_pages,
    headers,
    language_choice,
    moments,
    numbers,
    quantities,
    session_cookie,
    sign_in,
    static_files,
    translation,
    upload_limits,
)
from webapp.home_network import Network
from webapp.site import SERVICES, SITE, Section, Site

_LARGEST_FORM_BYTES = 64 * 1024
# Of a file that is sent, werkzeug holds a piece of 64 KiB and what is left of the one before.
_HELD_OF_UPLOADS_BYTES = 4 * _LARGEST_FORM_BYTES


def create_app(
    site: Site,
    *,
    secret: bytes,
    cookie: str,
    names: Collection[str] = (),
    https: bool = False,
    home: Sequence[Network] | None = None,
) -> Flask:
    """A WSGI app that serves `site`.

    `secret` signs the cookie of the forms; the sessions' cookie is called `cookie` (two services on one host
    must not share one); `names` are the host names we answer to besides addresses and localhost; `https`:
    browsers reach us over TLS, so cookies travel over nothing else; `home`: answer only whoever asks from one
    of these networks, under a name or an address in them. Raises LookupError when a route declares nothing.
    """
    app = Flask("webapp", template_folder="templates", static_folder="static")
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME=session_cookie.cookie_name(f"{cookie}_forms", https=https),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=https,
        MAX_CONTENT_LENGTH=_LARGEST_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=_LARGEST_FORM_BYTES,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
        WTF_CSRF_CHECK_DEFAULT=False,  # checked below, after who asks
        SURVEY_NAMES=tuple(names),
        SURVEY_HOME=home,
    )
    app.extensions[SITE] = site
    app.extensions[SERVICES] = site.services
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    # In this order before each request: which language, whence, under which name, who asks, is the form ours.
    translation.install(app, translation.catalogs((translation.SHARED, *site.domains)))
    app.before_request(language_choice.speak)
    app.before_request(headers.check_peer)
    app.before_request(headers.check_host)
    session_cookie.install(app, cookie, https=https)
    app.before_request(access.bind_forms)
    app.before_request(access.check)
    csrf = CSRFProtect(app)

    @app.before_request
    def check_form() -> None:
        larger = upload_limits.limit_of(app.view_functions.get(request.endpoint or ""))
        if larger is not None:  # whoever comes as far as this may open the route
            request.max_content_length = larger
            request.max_form_memory_size = _HELD_OF_UPLOADS_BYTES
        if request.endpoint and access.takes_forms():
            csrf.protect()

    app.after_request(headers.protect)

    access.public(app.view_functions["static"])
    static_files.install(app)
    app.register_blueprint(sign_in.blueprint)
    app.register_blueprint(language_choice.blueprint)
    for blueprint in site.blueprints:
        app.register_blueprint(blueprint)
    error_pages.install(app)
    moments.install(app, site.clock, site.timezone or UTC)
    numbers.install(app)
    quantities.install(app)
    chart.install(app, site.timezone or UTC)
    access.check_declarations(app)

    @app.context_processor
    def page() -> dict[str, object]:
        sections = _open_sections(site)
        return {
            "site": site,
            "sections": sections,
            "current_section": _current_section(sections),
            "account": access.account(),
            "languages": language_choice.offered(),
        }

    return app


def _open_sections(site: Site) -> list[Section]:
    held = access.held_roles()
    return [section for section in site.sections if section.roles & held]


def _current_section(sections: Sequence[Section]) -> Section | None:
    """The section that the page belongs to: its address is the page's, or the longest one above it; else the
    only one of the same blueprint.
    """
    above = [(url_for(section.endpoint), section) for section in sections]
    fitting = [
        (url, section) for url, section in above if f"{request.path}/".startswith(f"{url.rstrip('/')}/")
    ]
    if fitting:
        return max(fitting, key=lambda found: len(found[0]))[1]
    related = [section for section in sections if section.endpoint.partition(".")[0] == request.blueprint]
    return related[0] if len(related) == 1 else None

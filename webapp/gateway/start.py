"""The gateway of the running centre, from its settings and what survey.py hands in."""

from collections.abc import Callable

from flask import Blueprint

from couch.certificate import CertificateFacts
from couch.secret import SettingsError, secret_from_file
from webapp.api.start import token_key
from webapp.gateway.blueprint import gateway_blueprint
from webapp.gateway.gateway import open_gateway
from webapp.gateway.standing import Verdict
from webapp.settings import CentreWebSettings


def device_gateway(settings: CentreWebSettings, verdict: Callable[[CertificateFacts], Verdict]) -> Blueprint:
    """What nginx asks about each request; `verdict` asks the authority's records about a certificate.

    Raises SettingsError when a file is not named or of no use, Fault when the key is too short.
    """
    if settings.proxy_secret_file is None or settings.token_key_file is None:
        raise SettingsError(
            "devices are let in with a secret of nginx and a key of tokens: name both files, for example "
            'proxy_secret_file = "proxy.secret" and token_key_file = "jwt-key".'
        )
    gateway = open_gateway(
        lambda: settings.couchdb.server(timeout_s=settings.timeout_s),
        token_key(settings.token_key_file),
        verdict,
    )
    return gateway_blueprint(
        gateway.authorize, secret_from_file(settings.proxy_secret_file).reveal().encode()
    )

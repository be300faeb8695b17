"""The API of the running centre, from its settings."""

import base64
import binascii
from collections.abc import Callable
from pathlib import Path

from flask import Blueprint

from couch.names import REGISTRY
from couch.secret import SettingsError, secret_from_file
from webapp.api.blueprint import api_blueprint
from webapp.api.device_connections import DeviceConnections
from webapp.api.services import ApiServices
from webapp.centre_services import CentreServices
from webapp.gateway.tokens import Mint
from webapp.settings import CentreWebSettings


def device_api(
    settings: CentreWebSettings,
    centre: CentreServices,
    revoked: Callable[[str], bool] = lambda _serial: False,
) -> tuple[Blueprint, ...]:
    """The API; nothing where the settings do not name both keys.

    `revoked`: whether the certificate with this serial was; the listener in front judges that at each request
    already. Raises Fault when a key cannot be used.
    """
    if settings.proxy_secret_file is None and settings.token_key_file is None:
        return ()
    if settings.proxy_secret_file is None or settings.token_key_file is None:
        raise SettingsError(
            "the settings name one of proxy_secret_file and token_key_file: devices are served with both. "
            "Name the other one too, or neither."
        )
    services = ApiServices(
        household=DeviceConnections(
            settings.couchdb.url, Mint(token_key(settings.token_key_file)), timeout_s=settings.timeout_s
        ),
        registry=lambda: centre.server().database(REGISTRY),
        proxy_secret=secret_from_file(settings.proxy_secret_file).reveal().encode(),
        clock=centre.clock,
        revoked=revoked,
    )
    return (api_blueprint(services),)


def token_key(file: Path) -> bytes:
    """The key of tokens in a file that holds it in base64, as CouchDB's settings do. Raises SettingsError."""
    try:
        return base64.b64decode(secret_from_file(file).reveal(), validate=True)
    except binascii.Error as err:
        raise SettingsError(
            f"the key of tokens in {file} is not base64. Make one with: openssl rand -base64 32"
        ) from err

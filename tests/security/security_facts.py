"""What attackers know of a world, and what nobody may find in its logs."""

import base64
import time
from typing import Any
from urllib.parse import quote

from attempt import filled
from attempts_headers import HIDDEN
from forged_tokens import forged_tokens
from security_authority import EMAIL, NAME, PASSPHRASE, ROOT_PASSPHRASE
from security_centre import email, person
from security_pages import PASSWORDS

from couch.names import device_roles
from webapp.gateway.tokens import mint

CHECKPOINT = "5b05ba8affa67df2931428e09d5adf77"
REVISION = "1-53f22508ddc2ba94c3d67d88f64de11c"


def facts_of(world: Any) -> tuple[dict[str, str], dict[str, str]]:
    """The places of attempts, filled, and the secrets by name."""
    members = world.centre.members
    own, other, withdrawn = members["own"], members["other"], members["withdrawn"]
    now = int(time.time())
    roles = device_roles(own.household, own.device)
    admin = base64.b64encode(f"{world.engine.user}:{world.engine.password}".encode()).decode()
    tokens = {
        "token": mint(own.device, roles, world.engine.key, now + 3600),
        "token_of_other": mint(
            other.device, device_roles(other.household, other.device), world.engine.key, now
        ),
        **forged_tokens(own, world.engine.key, now),
    }
    pem = world.identity("neighbour").certificate.read_text().partition("-----END")[0]
    places = {
        "own": own.household,
        "device": own.device,
        "meter": own.meter,
        "other": other.household,
        "other_device": other.device,
        "other_meter": other.meter,
        "withdrawn": withdrawn.household,
        "withdrawn_device": withdrawn.device,
        "withdrawn_meter": withdrawn.meter,
        "waiting": members["waiting"].household,
        "waiting_device": members["waiting"].device,
        "waiting_meter": members["waiting"].meter,
        "erased": members["erased"].household,
        "erased_device": members["erased"].device,
        "hidden_length": str(len(filled(HIDDEN, {"other": other.household, "host": NAME}))),
        "checkpoint": CHECKPOINT,
        "revision": REVISION,
        "admin": admin,
        "admin_password": world.engine.password,
        "proxy_secret": world.proxy_secret,
        "certificate_of_other": quote(f"{pem}-----END CERTIFICATE-----\n", safe=""),
        "certificate_of_device": quote(world.identity("device").certificate.read_text(), safe=""),
        "link_expired": world.accounts.links["expired"],
        **tokens,
    }
    secrets = {
        **tokens,
        "administrator's password": world.engine.password,
        "administrator's credentials": admin,
        "tokens' key": base64.b64encode(world.engine.key).decode(),
        "proxy's secret": world.proxy_secret,
        "issuing pass phrase": PASSPHRASE.reveal(),
        "root pass phrase": ROOT_PASSPHRASE.reveal(),
        "email in certificates": EMAIL,
        **{f"password of {name}": text for name, text in PASSWORDS.items()},
        **{f"link of {name}": text for name, text in world.accounts.links.items()},
        **{f"name of {name}": person(name) for name in members},
        **{f"email of {name}": email(name) for name in members},
    }
    return places, secrets

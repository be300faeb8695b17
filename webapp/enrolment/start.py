"""The enrolment endpoints of the running centre, from its settings and what survey.py hands in."""

from collections.abc import Callable

from flask import Blueprint

from couch.certificate import CertificateFacts
from couch.enrolment import CertificateAnswer, ChallengeAnswer, EnrolRequest, RenewRequest, ReturnRequest
from couch.secret import SettingsError, secret_from_file
from webapp.enrolment.endpoints import enrolment_blueprint
from webapp.enrolment.services import EnrolmentServices
from webapp.settings import CentreWebSettings


def device_enrolment(
    settings: CentreWebSettings,
    *,
    enrol: Callable[[EnrolRequest], CertificateAnswer],
    renew: Callable[[CertificateFacts, RenewRequest], CertificateAnswer],
    come_back: Callable[[ReturnRequest], CertificateAnswer | ChallengeAnswer],
) -> Blueprint:
    """Raises SettingsError when the secret of the TLS listener is not named or cannot be read."""
    if settings.proxy_secret_file is None:
        raise SettingsError(
            "devices are enrolled through the TLS listener alone: name the file with its secret, "
            'for example proxy_secret_file = "proxy.secret".'
        )
    return enrolment_blueprint(
        EnrolmentServices(
            enrol=enrol,
            renew=renew,
            come_back=come_back,
            proxy_secret=secret_from_file(settings.proxy_secret_file).reveal().encode(),
        )
    )

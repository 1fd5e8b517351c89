"""System checks: whether the settings about the broker can be used, and, on request, whether it
answers.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, register
from django.core.exceptions import ImproperlyConfigured

from eventbus_admin.broker.address import management_address, vhost_of
from eventbus_admin.broker.errors import BrokerError
from eventbus_admin.broker.factory import current_broker, is_mock

TAG = "broker"


@register(TAG)
def check_addresses(**_kwargs: Any) -> list[CheckMessage]:
    """Report URLs that cannot be used; the embedded broker needs none."""
    if is_mock():
        return []
    found = (
        _mistake(vhost_of, settings.EVENTBUS_AMQP_URL, "broker.E001"),
        _mistake(management_address, settings.EVENTBUS_MANAGEMENT_URL, "broker.E002"),
    )
    mistakes = [one for one in found if one]
    if not mistakes:
        public = _mistake(_require_our_vhost, settings.EVENTBUS_PUBLIC_AMQP_URL, "broker.E004")
        mistakes += [public] if public else []
    return mistakes


def check_broker_answers(**_kwargs: Any) -> list[CheckMessage]:
    """Ask the broker; registered by `manage.py check --tag broker` only.

    An absent broker must not keep the server from starting, and other checks run at every start.
    """
    if is_mock():
        return [
            Info(
                "The embedded broker lives inside the server's process; its page says how it is.",
                id="broker.I001",
            )
        ]
    if check_addresses():
        return []
    try:
        current_broker().observe()
    except BrokerError as error:
        return [Error(str(error), id="broker.E003")]
    return []


def _require_our_vhost(public_url: str) -> None:
    if vhost_of(public_url, "EVENTBUS_PUBLIC_AMQP_URL") != vhost_of(settings.EVENTBUS_AMQP_URL):
        raise ImproperlyConfigured(
            "EVENTBUS_PUBLIC_AMQP_URL and EVENTBUS_AMQP_URL name different virtual hosts; services "
            "must connect to the one that is managed here."
        )


def _mistake(read: Callable[[str], object], url: str, number: str) -> CheckMessage | None:
    try:
        read(url)
    except ImproperlyConfigured as error:
        return Error(str(error), id=number)
    return None

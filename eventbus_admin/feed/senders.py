"""Whether a report may be believed: with credentials of ours one speaks for one's own service."""

from functools import lru_cache

from django.conf import settings

from bus_core.message import Message
from bus_core.rights import service_of_user
from eventbus_admin.broker.address import vhost_of
from eventbus_admin.broker.factory import is_mock
from eventbus_admin.broker.users import user_of


def may_speak_for(message: Message, service: str) -> bool:
    """Whether who sent this report may say something about this service.

    RabbitMQ vouches for the user that a message names, so one that names none is not believed.
    Users that are not ours may do what their owners let them. The embedded broker knows no users.
    """
    if is_mock():
        return True
    if message.user_id is None:
        return False
    whose = _service_of(message.user_id, settings.EVENTBUS_AMQP_URL)
    return whose is None or whose == service


@lru_cache(maxsize=1024)  # asked for every receipt, about few users
def _service_of(login: str, amqp_url: str) -> str | None:
    user = user_of(login, vhost_of(amqp_url))
    return service_of_user(user) if user else None

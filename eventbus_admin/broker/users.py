"""Users of the broker that are ours, and what they may do in our virtual host."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings

from bus_core.rights import Permissions, service_of_user
from eventbus_admin.broker.address import vhost_of

HASHING = "rabbit_password_hashing_sha256"
TAGS = ("eventbus",)
"""Says to people who look at RabbitMQ whose users these are; it gives no right."""

_DEFAULT_VHOST = "/"


@dataclass(frozen=True, kw_only=True)
class BrokerUser:
    """A user whose name `bus_core.rights` makes."""

    name: str
    password_hash: str = field(default="", repr=False)
    """In RabbitMQ's form; empty when the user cannot sign in with a password."""
    hashing: str = HASHING
    tags: tuple[str, ...] = TAGS


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one of our users may do in our virtual host."""

    user: str
    permissions: Permissions


def login_of(user: str, vhost: str) -> str:
    """Return what the broker calls a user of ours.

    RabbitMQ's users belong to the whole broker: outside its default virtual host their names say
    which one they are for, so that two installations on one broker do not share them.
    """
    return user if vhost == _DEFAULT_VHOST else f"{user}@{vhost}"


def user_of(login: str, vhost: str) -> str | None:
    """Return the user of ours that the broker calls so, or `None` when it is somebody else's."""
    name = login.removesuffix(login_of("", vhost))
    return name if login == login_of(name, vhost) and service_of_user(name) else None


def current_login(user: str) -> str:
    """Return what the broker of the settings calls a user of ours."""
    if settings.EVENTBUS_BACKEND == "mock":
        return user
    return login_of(user, vhost_of(settings.EVENTBUS_AMQP_URL))


def connection_url(user: str, secret: str) -> str:
    """Return the URL that a service with these credentials connects to.

    On the embedded broker, which knows no users, it is the address of this process's broker.
    Raises `ImproperlyConfigured` when the setting cannot be used.
    """
    if settings.EVENTBUS_BACKEND == "mock":
        return str(settings.EVENTBUS_BUS_URL)
    login = f"{quote(current_login(user), safe='')}:{quote(secret, safe='')}"
    urls = settings.EVENTBUS_PUBLIC_AMQP_URL.split(",")
    return ",".join(_with_login(one.strip(), login) for one in urls)


def _with_login(url: str, login: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{login}@{host}"))

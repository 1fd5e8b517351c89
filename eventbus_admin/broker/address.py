"""Where the broker is, from the settings' URLs; a mistake becomes a line saying what to write."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured

AMQP_EXAMPLE = "amqp://user:password@broker.example.org:5672/vhost"
MANAGEMENT_EXAMPLE = "http://user:password@broker.example.org:15672"


@dataclass(frozen=True, kw_only=True)
class ManagementAddress:
    """Where the management HTTP API is, and who we are there."""

    base_url: str
    """Without a login and without a slash at its end."""
    username: str
    password: str = field(repr=False)


def vhost_of(amqp_url: str, setting: str = "EVENTBUS_AMQP_URL") -> str:
    """Return the virtual host that EVENTBUS_AMQP_URL, or another `setting` like it, names.

    Of several URLs (a cluster's hosts, separated by commas) all must name the same one. Raises
    `ImproperlyConfigured`.
    """
    vhosts = {_vhost(one.strip(), setting) for one in amqp_url.split(",")}
    if len(vhosts) > 1:
        raise ImproperlyConfigured(
            f"{setting} names several virtual hosts; all of its URLs must end in the same."
        )
    return vhosts.pop()


def with_vhost(amqp_url: str, vhost: str) -> str:
    """Return the same URL, or URLs, for another virtual host."""
    parts = (urlsplit(one.strip()) for one in amqp_url.split(","))
    where = f"/{quote(vhost, safe='')}"
    return ",".join(urlunsplit(one._replace(path=where)) for one in parts)


def management_address(url: str) -> ManagementAddress:
    """Read EVENTBUS_MANAGEMENT_URL; raises `ImproperlyConfigured`."""
    parts = _split("EVENTBUS_MANAGEMENT_URL", url, ("http", "https"), MANAGEMENT_EXAMPLE)
    if not parts.username or parts.password is None:
        raise ImproperlyConfigured(
            f"EVENTBUS_MANAGEMENT_URL has no login. Write {MANAGEMENT_EXAMPLE}."
        )
    host = parts.netloc.rpartition("@")[2]
    return ManagementAddress(
        base_url=f"{parts.scheme}://{host}{parts.path.rstrip('/')}",
        username=unquote(parts.username),
        password=unquote(parts.password),
    )


def _vhost(url: str, setting: str) -> str:
    parts = _split(setting, url, ("amqp", "amqps"), AMQP_EXAMPLE)
    name = parts.path.removeprefix("/")
    if "/" in name:
        raise ImproperlyConfigured(
            f"{setting} has a slash inside its virtual host. Write it as %2F."
        )
    return unquote(name) or "/"


def _split(setting: str, url: str, schemes: tuple[str, str], example: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        # The parser's own text may quote a piece of the password.
        raise ImproperlyConfigured(f"{setting} cannot be read. Write {example}.") from None
    if parts.scheme not in schemes:
        raise ImproperlyConfigured(
            f"{setting} must begin with {schemes[0]}:// or {schemes[1]}://. Write {example}."
        )
    if not host:
        raise ImproperlyConfigured(f"{setting} names no host. Write {example}.")
    return parts

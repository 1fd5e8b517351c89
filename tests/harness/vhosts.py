"""Fresh vhosts: the cheap way to give every test a broker of its own."""

import itertools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pika

from tests.harness.ports import LOOPBACK

if TYPE_CHECKING:
    from tests.harness.rabbitmq import RabbitNode

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Vhost:
    """A vhost on a private node; the user guest may do everything in it."""

    node: "RabbitNode"
    vhost: str

    @property
    def amqp_url(self) -> str:
        """Where clients connect, vhost included."""
        return f"amqp://guest:guest@{LOOPBACK}:{self.node.ports.amqp}/{quote(self.vhost, safe='')}"

    @property
    def management_url(self) -> str:
        """The management HTTP API's server, with login, without ``/api``."""
        return self.node.management_url

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Ask the management API; ``{vhost}`` in the path stands for this vhost, encoded."""
        return self.node.api(method, path.format(vhost=quote(self.vhost, safe="")), body)

    def connect(self) -> pika.BlockingConnection:
        """A plain AMQP connection, for looking at the broker from outside the product."""
        return pika.BlockingConnection(pika.URLParameters(self.amqp_url))

    def delete(self) -> None:
        """Remove it and whatever it holds; its connections are closed."""
        self.api("DELETE", "vhosts/{vhost}")


def create_vhost(node: "RabbitNode", default_queue_type: str = "") -> Vhost:
    """Create a vhost with a name that no other test had."""
    vhost = Vhost(node, f"test-{os.getpid()}-{next(_numbers)}")
    # RabbitMQ 3.10 knows it by the first name, later ones by the second.
    names = ("defaultqueuetype", "default_queue_type") if default_queue_type else ()
    settings = dict.fromkeys(names, default_queue_type)
    vhost.api("PUT", "vhosts/{vhost}", settings)
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    vhost.api("PUT", "permissions/{vhost}/guest", everything)
    return vhost

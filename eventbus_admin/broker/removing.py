"""Taking objects away from RabbitMQ, one by one, through its HTTP API."""

from typing import Any

from bus_core.topology import Binding
from eventbus_admin.broker.client import ManagementClient, path
from eventbus_admin.broker.errors import BrokerConflict
from eventbus_admin.broker.interface import ExchangeBinding


class Removals:
    """The part of `RabbitMQBroker` that takes things away."""

    vhost: str
    _api: ManagementClient

    def unbind(self, binding: Binding) -> None:
        """End a queue's binding."""
        self._unbind(binding.source, "q", binding.queue, binding.routing_key)

    def unbind_exchange(self, binding: ExchangeBinding) -> None:
        """End a binding between exchanges."""
        self._unbind(binding.source, "e", binding.destination, binding.routing_key)

    def delete_queue(self, name: str) -> None:
        """Delete a queue with all that it holds."""
        self._api.delete(path("queues", self.vhost, name))

    def delete_exchange(self, name: str) -> None:
        """Delete an exchange; RabbitMQ refuses while something is bound to it."""
        self._api.delete(f"{path('exchanges', self.vhost, name)}?if-unused=true")

    def delete_policy(self, name: str) -> None:
        """Delete a policy."""
        self._api.delete(path("policies", self.vhost, name))

    def _unbind(self, source: str, kind: str, destination: str, routing_key: str) -> None:
        where = path("bindings", self.vhost, "e", source, kind, destination)
        for row in self._rows(where):
            # There may be several of one routing key, with other arguments; only RabbitMQ's own
            # key tells them apart.
            if row["routing_key"] == routing_key:
                self._api.delete(f"{where}/{path(str(row['properties_key']))}")

    def _rows(self, where: str) -> list[Any]:
        try:
            found = self._api.get(where)
        except BrokerConflict:
            return []  # one of the ends is gone, and the binding with it
        return found if isinstance(found, list) else []

"""Several private RabbitMQ nodes that form one broker."""

import secrets
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import requests

from tests.harness.installations import INSTALLED, Installation
from tests.harness.poll import wait_until
from tests.harness.ports import free_port
from tests.harness.rabbitmq import RabbitNode
from tests.harness.rabbitmq_files import NodePorts

START_SECONDS = 120.0


class RabbitCluster:
    """Three nodes, each of which may be killed and started again; all on loopback."""

    def __init__(self, size: int = 3, *, installation: Installation = INSTALLED) -> None:
        epmd, cookie = free_port(), secrets.token_hex(16)
        all_ports = [NodePorts(epmd=epmd) for _ in range(size)]
        config = {"cluster_formation.peer_discovery_backend": "classic_config"}
        for number, ports in enumerate(all_ports, 1):
            config[f"cluster_formation.classic_config.nodes.{number}"] = ports.node_name
        self.nodes = [
            RabbitNode(
                config,
                ports=ports,
                installation=installation,
                cookie=cookie,
                starts_port_mapper=ports is all_ports[0],
            )
            for ports in all_ports
        ]

    @property
    def amqp_url(self) -> str:
        """What clients are given: every node, by commas."""
        return ",".join(node.amqp_url for node in self.nodes)

    @property
    def version(self) -> str:
        """What the nodes call themselves."""
        return self.nodes[0].version

    @property
    def running(self) -> list[RabbitNode]:
        """The nodes that are up."""
        return [node for node in self.nodes if node.running]

    def start(self) -> Self:
        """Start all nodes, and wait until they are one cluster."""
        try:
            for node in self.nodes:
                node.launch()
            for node in self.nodes:
                node.wait_ready(timeout=START_SECONDS)
            self.wait_until_joined()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End all nodes and leave nothing behind."""
        for node in reversed(self.nodes):  # the first has the port mapper
            node.stop()

    def wait_until_joined(self) -> None:
        """Wait until every node that is up sees every other one."""
        wait_until(
            lambda: all(self._sees(node) == len(self.running) for node in self.running),
            timeout=START_SECONDS,
            message="the nodes do not see each other",
            ignoring=requests.RequestException,
        )

    def leader_of(self, queue: str) -> RabbitNode:
        """The node that leads a quorum queue or a stream of the default vhost."""

        def found() -> RabbitNode | None:
            seen = self.look_at(queue)
            leader = seen.get("leader") or seen.get("node")  # a stream on 3.10 has the latter only
            return next((one for one in self.running if one.ports.node_name == leader), None)

        node = wait_until(
            found,
            timeout=30,
            message=f"{queue} has no leader",
            ignoring=requests.RequestException,
        )
        assert node is not None
        return node

    def wait_until_whole(self, queue: str) -> None:
        """Wait until a quorum queue of the default vhost has a member on every node."""
        names = {node.ports.node_name for node in self.nodes}
        wait_until(
            lambda: set(self.look_at(queue).get("online", ())) == names,
            timeout=60,
            message=lambda: f"{queue} is not whole: {self.look_at(queue)}",
            ignoring=requests.RequestException,
        )

    def look_at(self, queue: str) -> dict[str, Any]:
        """What the management API of a node that is up says of a queue."""
        found: dict[str, Any] = self.running[0].api("GET", f"queues/%2F/{quote(queue, safe='')}")
        return found

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _sees(self, node: RabbitNode) -> int:
        return sum(one["running"] for one in node.api("GET", "nodes"))

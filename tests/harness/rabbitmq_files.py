"""The folder and environment of a private RabbitMQ node."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.harness.installations import Installation
from tests.harness.ports import LOOPBACK, free_port
from tests.harness.rabbitmq_home import make_home

PLUGINS = ("rabbitmq_management", "rabbitmq_event_exchange")
# The server and its tools listen for other Erlang nodes on all interfaces unless told otherwise.
_DISTRIBUTION_ON_LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"


@dataclass(frozen=True)
class NodePorts:
    """The ports of one node; they stay the same when it dies and comes back."""

    amqp: int = field(default_factory=free_port)
    management: int = field(default_factory=free_port)
    distribution: int = field(default_factory=free_port)
    epmd: int = field(default_factory=free_port)

    @property
    def node_name(self) -> str:
        """The Erlang name, unlike that of any other node on this machine."""
        return f"bus-{self.amqp}@localhost"


def write_files(
    folder: Path,
    ports: NodePorts,
    config: Mapping[str, str],
    cookie: str,
    installation: Installation,
    plugins: Iterable[str] = PLUGINS,
) -> None:
    """Write what the node reads: configuration, plugins, cookie, and how to find localhost."""
    settings = {
        "management.tcp.ip": LOOPBACK,
        "management.tcp.port": str(ports.management),
        "disk_free_limit.absolute": "1MB",
        "log.console": "true",
        "log.console.use_colors": "off",
        "log.console.level": "warning",
        "log.file": "false",
        **config,
    }
    lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
    (folder / "rabbitmq.conf").write_text(lines)
    (folder / "enabled_plugins").write_text(f"[{','.join(plugins)}].\n")
    # A bare container may lack an /etc/hosts; Erlang then needs to be told.
    (folder / "inetrc").write_text(
        '{host, {127,0,0,1}, ["localhost"]}.\n{lookup, [file, native]}.\n'
    )
    cookie_file = folder / ".erlang.cookie"
    cookie_file.write_text(cookie)
    cookie_file.chmod(0o400)
    make_home(folder / "home", PLUGINS, installation)


def environment(folder: Path, ports: NodePorts) -> dict[str, str]:
    """The whole environment of the node and its tools; nothing of ours or the system's gets in.

    ``folder`` is where they see the node's files.
    """
    return {
        "HOME": str(folder),
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "ERL_EPMD_PORT": str(ports.epmd),
        "ERL_INETRC": str(folder / "inetrc"),
        "ERL_CRASH_DUMP_SECONDS": "0",
        "RABBITMQ_SCRIPTS_DIR": str(folder / "home" / "sbin"),
        "RABBITMQ_NODENAME": ports.node_name,
        "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
        "RABBITMQ_NODE_PORT": str(ports.amqp),
        "RABBITMQ_DIST_PORT": str(ports.distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_CONFIG_FILES": str(folder / "conf.d"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _DISTRIBUTION_ON_LOOPBACK,
        "RABBITMQ_CTL_ERL_ARGS": _DISTRIBUTION_ON_LOOPBACK,
        # Replace the start script by the server itself, so that its process id is the one we hold.
        "RABBITMQ_ALLOW_INPUT": "true",
    }

"""A private RabbitMQ node keeps its data through kill -9 and leaves nothing behind."""

import signal
import sys
from pathlib import Path

import pika
import pytest

from tests.harness.installations import Installation
from tests.harness.poll import wait_until
from tests.harness.ports import is_free
from tests.harness.proc import ports_of, ports_open_to_others, processes_mentioning
from tests.harness.process import ManagedProcess, ProcessEndedError
from tests.harness.rabbitmq import RabbitNode

QUEUE = "kept"

START_A_NODE_AND_WAIT = """
import sys, time
from pathlib import Path
from tests.harness.installations import Installation
from tests.harness.rabbitmq import RabbitNode
node = RabbitNode(installation=Installation("", Path(sys.argv[1])))
node.launch()
print("folder", node.folder, flush=True)
time.sleep(600)
"""


def keep_a_message(node: RabbitNode) -> None:
    """Put a persistent message into a durable quorum queue and wait for the confirm."""
    with pika.BlockingConnection(pika.URLParameters(node.amqp_url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        channel.basic_publish(
            "", QUEUE, b"here I am", pika.BasicProperties(delivery_mode=2), mandatory=True
        )


def mounts_of(installation: Installation) -> list[str]:
    """What is mounted there, as we see it."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    return [one for one in mounts if str(installation.root / "proc") in one]


def take_the_message(node: RabbitNode) -> bytes:
    """Get it; a quorum queue elects its leader first, so not always at the first try."""
    with pika.BlockingConnection(pika.URLParameters(node.amqp_url)) as connection:
        channel = connection.channel()
        body: bytes = wait_until(lambda: channel.basic_get(QUEUE, auto_ack=True)[2])
        return body


def test_a_confirmed_message_survives_kill_9(own_rabbit_node: RabbitNode) -> None:
    """Same data, same addresses, another process."""
    first_pid, urls = (
        own_rabbit_node.pid,
        (own_rabbit_node.amqp_url, own_rabbit_node.management_url),
    )
    keep_a_message(own_rabbit_node)
    own_rabbit_node.flush()

    own_rabbit_node.kill()
    assert is_free(own_rabbit_node.ports.amqp)
    own_rabbit_node.start()

    assert own_rabbit_node.pid != first_pid
    assert (own_rabbit_node.amqp_url, own_rabbit_node.management_url) == urls
    assert take_the_message(own_rabbit_node) == b"here I am"


@pytest.mark.long
def test_a_confirmed_message_survives_a_restart_in_good_order(own_rabbit_node: RabbitNode) -> None:
    """The same when the broker is asked to end."""
    keep_a_message(own_rabbit_node)
    own_rabbit_node.restart()
    assert take_the_message(own_rabbit_node) == b"here I am"


def test_a_stopped_node_leaves_nothing_behind(installation: Installation) -> None:
    """No process, no folder, no mount, no port; the port mapper goes as well."""
    mounts = mounts_of(installation)
    node = RabbitNode(installation=installation).start()
    folder, ports = node.folder, node.ports
    assert folder is not None
    assert len(processes_mentioning(folder.name)) >= 2, "the server and its port mapper"

    node.stop()

    wait_until(lambda: not processes_mentioning(folder.name), message="processes are left")
    assert not folder.exists()
    assert mounts_of(installation) == mounts
    assert all(map(is_free, (ports.amqp, ports.management, ports.distribution, ports.epmd)))


def test_kill_9_of_the_tests_leaves_nothing_behind_either(installation: Installation) -> None:
    """Whoever started the node cannot clean up any more; its guardian does."""
    mounts = mounts_of(installation)
    command = [sys.executable, "-c", START_A_NODE_AND_WAIT, installation.root]
    with ManagedProcess(command, cwd=Path.cwd()) as tests:
        folder = Path(tests.wait_for_line(r"^folder (\S+)")[1])
        assert processes_mentioning(folder.name)

        tests.send_signal(signal.SIGKILL)
        assert tests.wait() == -signal.SIGKILL

        wait_until(lambda: not processes_mentioning(folder.name), message="processes are left")
        wait_until(lambda: not folder.exists(), message="the folder is left")
        assert mounts_of(installation) == mounts


def test_a_node_that_cannot_start_says_why() -> None:
    """The error carries the server's own words."""
    node = RabbitNode({"log.console.level": "nonsense"})
    with pytest.raises(ProcessEndedError, match='"nonsense" is not a valid enum value'):
        node.start()
    assert node.folder is None


def test_it_listens_on_loopback_only(rabbit_node: RabbitNode) -> None:
    """Neither clients nor other Erlang nodes reach it from elsewhere."""
    assert set(ports_of(rabbit_node.pid)) == {
        rabbit_node.ports.amqp,
        rabbit_node.ports.management,
        rabbit_node.ports.distribution,
    }
    assert ports_open_to_others(rabbit_node.pid) == []


def test_it_has_the_plugins_that_we_lean_on(rabbit_node: RabbitNode) -> None:
    """The management API and the broker's own events."""
    enabled = rabbit_node.rabbitmqctl("eval", "rabbit_plugins:active().")
    assert "rabbitmq_management" in enabled
    assert "rabbitmq_event_exchange" in enabled


def test_a_memory_alarm_blocks_publishers_until_it_is_cleared(rabbit_node: RabbitNode) -> None:
    """As the broker does when it runs out of memory."""
    states: list[str] = []
    with pika.BlockingConnection(pika.URLParameters(rabbit_node.amqp_url)) as connection:
        connection.add_on_connection_blocked_callback(lambda *_: states.append("blocked"))
        connection.add_on_connection_unblocked_callback(lambda *_: states.append("unblocked"))
        channel = connection.channel()

        def publish_and_look() -> list[str]:
            channel.basic_publish("", "nobody", b"")
            connection.process_data_events(0)
            return states

        with rabbit_node.memory_alarm():
            wait_until(publish_and_look, message="the publisher was not blocked")
        wait_until(
            lambda: connection.process_data_events(0) or "unblocked" in states,
            message="the publisher stays blocked",
        )
    assert states == ["blocked", "unblocked"]

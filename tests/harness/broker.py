"""``python -m tests.harness.broker``: a private RabbitMQ to play with until Ctrl-C."""

import signal
import sys

from tests.harness.installations import RabbitMissingError
from tests.harness.ports import free_port, is_free
from tests.harness.process import ProcessEndedError
from tests.harness.rabbitmq import RabbitNode
from tests.harness.rabbitmq_files import NodePorts

USUAL_AMQP_PORT = 5672
USUAL_MANAGEMENT_PORT = 15672

WELCOME = """\
RabbitMQ {version} is running. Its data is removed when it stops.

  AMQP        {amqp_url}
  Management  {management_url}
  Login       guest, password guest

To let the console work with it, in another terminal:

  EVENTBUS_BACKEND=rabbitmq EVENTBUS_AMQP_URL={amqp_url} \\
  EVENTBUS_MANAGEMENT_URL={management_url} make run

Ctrl-C stops it."""


def main() -> int:
    """Run a node until a signal asks for its end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    ports = NodePorts(
        amqp=_usual_or_free(USUAL_AMQP_PORT), management=_usual_or_free(USUAL_MANAGEMENT_PORT)
    )
    print("Starting RabbitMQ…", flush=True)
    try:
        with RabbitNode(ports=ports) as node:
            urls = {"amqp_url": node.amqp_url, "management_url": node.management_url}
            print(WELCOME.format(version=node.version, **urls), flush=True)
            code = node.wait()
            print(f"RabbitMQ ended by itself with code {code}.\n{node.log_tail()}", file=sys.stderr)
            return 1
    except KeyboardInterrupt:
        print("\nRabbitMQ stopped.", flush=True)
        return 0
    except (RabbitMissingError, ProcessEndedError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1


def _usual_or_free(port: int) -> int:
    return port if is_free(port) else free_port()


if __name__ == "__main__":
    sys.exit(main())

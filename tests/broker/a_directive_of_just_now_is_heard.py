"""A worker that starts right after its service was told something for the first time hears it.

RabbitMQ's count of what a stream holds is up to five seconds old, and says nothing yet.
"""

import threading

from bus_core.connecting import open_link
from bus_core.control import Directives, SubscriptionDirective
from bus_core.control_follower import ControlFollower
from bus_core.topology import control_stream, control_topology
from tests.harness.vhosts import Vhost

SERVICES = 40
PAUSED = Directives(subscriptions={"watched": SubscriptionDirective(state="paused")})


def test_the_first_word_of_a_new_stream(rabbit: Vhost) -> None:
    link = open_link(rabbit.amqp_url, client_name="test")
    first: list[Directives] = []
    for number in range(SERVICES):
        service = f"worker-{number}"
        link.declare(control_topology(service))
        told = PAUSED.encode()
        link.publish("", control_stream(service), told, mandatory=True).result(30)
        first.append(_first_word(rabbit, service))
    link.close()
    print(f"\n{first.count(PAUSED)} of {SERVICES} services heard what they were told first")
    assert first == [PAUSED] * SERVICES


def test_a_stream_that_says_nothing_keeps_nobody_waiting(rabbit: Vhost) -> None:
    assert _first_word(rabbit, "untold") == Directives()


def _first_word(rabbit: Vhost, service: str) -> Directives:
    heard: list[Directives] = []
    ready = threading.Event()

    def follow(directives: Directives) -> None:
        heard.append(directives)
        ready.set()

    link = open_link(rabbit.amqp_url, client_name="worker")
    follower = ControlFollower(link, service, follow, declare=True)
    follower.start()
    assert ready.wait(30)
    follower.close()
    link.close()
    return heard[0]

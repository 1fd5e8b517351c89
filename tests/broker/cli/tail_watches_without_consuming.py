"""`bus-core tail` at a real broker: it shows what passes, and takes nothing from anybody."""

import json
import signal

from bus_core.connecting import open_link
from tests.broker.cli.conftest import BusCore, Shift
from tests.harness.poll import wait_until
from tests.harness.programs.service import EVENT_TYPE, SERVICE
from tests.harness.relay import Relay
from tests.harness.vhosts import Vhost

QUEUE = f"consumer__{EVENT_TYPE}__{SERVICE}"


def test_what_passes_the_filters_is_shown_and_stays_where_it_was(
    bus_core: BusCore, shift: Shift
) -> None:
    tail = bus_core(
        *("tail", EVENT_TYPE, "--url", shift.url, "--json", "--where", "payload.journal=elife")
    )
    tail.wait_for_line("Watching shiftEvent; Ctrl-C ends.")
    shift.publish(*({"journal": name, "n": n} for n in range(50) for name in ("elife", "plants")))

    def shown() -> list[int]:
        lines = [line for line in tail.output.splitlines() if line.startswith("{")]
        return [json.loads(line)["payload"]["n"] for line in lines]

    wait_until(lambda: shown() == list(range(50)), message=tail.output_tail)
    tail.send_signal(signal.SIGINT)
    assert tail.wait() == 130
    assert "50 shown, 50 filtered out, 0 dropped" in tail.output
    link = open_link(shift.url, client_name="test")
    state = link.look(QUEUE)
    assert state is not None
    assert state.waiting == 100
    link.close()


def test_its_queue_is_its_own_and_goes_with_it(
    bus_core: BusCore, shift: Shift, rabbit: Vhost
) -> None:
    tail = bus_core("tail", EVENT_TYPE, "--url", shift.url)
    tail.wait_for_line("Watching")

    def tails() -> list[dict[str, object]]:
        queues = rabbit.api("GET", "queues/{vhost}")
        return [one for one in queues if one["name"].startswith("tail__")]

    (queue,) = wait_until(tails)
    assert queue["arguments"]["x-overflow"] == "drop-head"
    assert queue["exclusive"]
    assert tail.terminate() == 143
    wait_until(lambda: not tails())


def test_what_the_broker_may_have_dropped_is_said(bus_core: BusCore, shift: Shift) -> None:
    tail = bus_core("tail", EVENT_TYPE, "--url", shift.url)
    tail.wait_for_line("Watching")
    tail.send_signal(signal.SIGSTOP)
    shift.publish(*["x" * 1_000] * 30_000)
    tail.send_signal(signal.SIGCONT)
    tail.wait_for_line(r" shown, .* the broker may have dropped more, uncounted")
    tail.send_signal(signal.SIGINT)
    assert tail.wait() == 130


def test_a_lost_connection_is_said_and_it_goes_on(
    bus_core: BusCore, shift: Shift, rabbit: Vhost
) -> None:
    with Relay(rabbit.node.ports.amqp) as relay:
        url = shift.url.replace(f":{rabbit.node.ports.amqp}/", f":{relay.port}/")
        tail = bus_core("tail", EVENT_TYPE, "--url", url)
        tail.wait_for_line("Watching")
        relay.cut()

        def goes_on() -> bool:
            shift.publish("again")
            return "again" in tail.output

        wait_until(goes_on, timeout=30)
        tail.send_signal(signal.SIGINT)
        assert tail.wait() == 130
    assert "the connection was lost 1 time, what was published then is missing" in tail.output


def test_who_may_not_watch_is_told_so(bus_core: BusCore, shift: Shift, rabbit: Vhost) -> None:
    user = f"confined-{rabbit.vhost}"
    rabbit.node.api("PUT", f"users/{user}", {"password": "p", "tags": ""})
    rights = {"configure": "^$", "write": "^$", "read": "^$"}
    rabbit.api("PUT", f"permissions/{{vhost}}/{user}", rights)
    try:
        url = shift.url.replace("guest:guest", f"{user}:p")
        tail = bus_core("tail", EVENT_TYPE, "--url", url)
        assert tail.wait() == 1
        assert "the broker refused the queue that this needs" in tail.output
        assert "Traceback" not in tail.output
    finally:
        rabbit.node.api("DELETE", f"users/{user}")


def test_publish_from_the_terminal_reaches_it(bus_core: BusCore, shift: Shift) -> None:
    tail = bus_core("tail", EVENT_TYPE, "--url", shift.url, "--count", "1")
    tail.wait_for_line("Watching")
    published = bus_core("publish", EVENT_TYPE, '{"journal": "elife"}', "--url", shift.url)
    assert published.wait() == 0
    assert published.output.startswith(f"{EVENT_TYPE}_")
    assert tail.wait() == 0
    assert 'shiftEvent  from bus-core-cli  {"journal": "elife"}' in tail.output

"""`bus-core dead` at a real broker: listed, retried, discarded, and none lost when interrupted."""

import json
import signal
import subprocess
from collections.abc import Iterator

import pytest

from bus_core import Event, Reject, connect
from bus_core.connecting import open_link
from bus_core.copies import DEAD_ATTEMPTS, DEAD_ERROR, DEAD_QUEUE, DEAD_REASON
from bus_core.dead_letters import HeldDeadLetters
from bus_core.envelope import encode
from bus_core.link import ConsumeOptions, Link, Settlement
from bus_core.message import Delivery
from bus_core.topology import dead_letters, handling_topology, merge, subscription_topology
from tests.broker.cli.conftest import BusCore, Shift
from tests.harness.poll import wait_until
from tests.harness.process import ManagedProcess
from tests.harness.programs.service import EVENT_TYPE, SERVICE
from tests.harness.vhosts import Vhost

QUEUE = f"consumer__{EVENT_TYPE}__{SERVICE}"
OTHER = f"consumer__{EVENT_TYPE}__audit-log"
LOST = f"consumer__oldEvent__{SERVICE}"
DEAD = dead_letters(SERVICE)


@pytest.fixture
def link(shift: Shift) -> Iterator[Link]:
    """A link to the broker, where another service listens to the same type."""
    link = open_link(shift.url, client_name="test")
    link.declare(
        merge((handling_topology("audit-log"), subscription_topology(EVENT_TYPE, "audit-log")))
    )
    yield link
    link.close()


def waiting(link: Link, queue: str) -> int:
    state = link.look(queue)
    assert state is not None
    return state.waiting


def give_up(shift: Shift, link: Link, *payloads: object) -> None:
    """Have a worker of the service reject events."""

    def reject(event: Event) -> None:
        raise Reject(f"no journal {event.payload}")

    before = waiting(link, DEAD)
    with connect(shift.url, service=SERVICE) as bus:
        bus.subscribe(EVENT_TYPE)(reject)
        bus.start(wait=10)
        shift.publish(*payloads)
        wait_until(lambda: waiting(link, DEAD) == before + len(payloads))


def bury(link: Link, count: int) -> None:
    """Put so many dead letters there, as workers write them."""
    headers = {DEAD_QUEUE: QUEUE, DEAD_REASON: "attempts", DEAD_ERROR: "e", DEAD_ATTEMPTS: 10}
    futures = []
    for number in range(count):
        message = encode(Event(EVENT_TYPE, number), service="publisher")
        message = message.with_headers({**message.headers, **headers})
        futures.append(link.publish(DEAD, "", message))
    for future in futures:
        future.result(60)


def test_they_are_listed_with_what_is_known_and_stay(
    bus_core: BusCore, shift: Shift, link: Link
) -> None:
    give_up(shift, link, "elife", "elife", "plants")
    listed = bus_core("dead", "list", "--service", SERVICE, "--url", shift.url)
    assert listed.wait() == 0
    assert f"3 dead letters of {SERVICE}" in listed.output
    assert f"2 × {EVENT_TYPE}  rejected: no journal elife" in listed.output
    wait_until(lambda: waiting(link, DEAD) == 3)
    each = bus_core("dead", "list", "--service", SERVICE, "--url", shift.url, "--all", "--json")
    assert each.wait() == 0
    documents = [json.loads(line) for line in each.output.splitlines() if line.startswith("{")]
    assert [one["payload"] for one in documents] == ["elife", "elife", "plants"]
    assert {one["queue"] for one in documents} == {QUEUE}
    assert all(one["at"] and one["worker"] for one in documents)
    wait_until(lambda: waiting(link, DEAD) == 3)


def test_looking_again_and_again_uses_none_up(shift: Shift, link: Link) -> None:
    bury(link, 3)
    for _ in range(30):
        held = HeldDeadLetters(link, SERVICE)
        assert len(held.read()) == 3
        held.close()
        wait_until(lambda: waiting(link, DEAD) == 3)  # they go back a moment after that


def test_a_retry_reaches_that_subscription_only(
    bus_core: BusCore, shift: Shift, link: Link
) -> None:
    give_up(shift, link, "elife")
    elsewhere = waiting(link, OTHER)
    command = ("dead", "retry", "--service", SERVICE, "--all", "--yes", "--url", shift.url)
    retried = bus_core(*command)
    assert retried.wait() == 0
    assert "retried 1, left 0" in retried.output
    wait_until(lambda: (waiting(link, DEAD), waiting(link, QUEUE)) == (0, 1))
    assert waiting(link, OTHER) == elsewhere
    worker = bus_core("worker", "tests.harness.programs.service:build", "--url", shift.url)
    wait_until(lambda: shift.done() == ["elife"], timeout=30)
    assert worker.terminate() == 0
    assert waiting(link, OTHER) == elsewhere


def test_discarded_ones_are_gone_and_the_others_are_not(
    bus_core: BusCore, shift: Shift, link: Link
) -> None:
    give_up(shift, link, "elife", "plants")
    command = ("dead", "discard", "--service", SERVICE, "--error", "elife", "--url", shift.url)
    asked = bus_core(*command)  # without a terminal there is nobody to ask
    assert asked.wait() == 2
    wait_until(lambda: waiting(link, DEAD) == 2)
    discarded = bus_core(*command, "--yes")
    assert discarded.wait() == 0
    assert "discarded 1, left 0" in discarded.output
    wait_until(lambda: waiting(link, DEAD) == 1)
    assert waiting(link, QUEUE) == 0


def test_what_the_broker_gave_up_and_strays_are_told_apart(
    bus_core: BusCore, shift: Shift, link: Link, rabbit: Vhost
) -> None:
    limit = {"pattern": "^consumer__", "definition": {"delivery-limit": 1}, "apply-to": "queues"}
    rabbit.api("PUT", "policies/{vhost}/limit", limit)
    shift.publish("worn out")
    came: list[Delivery] = []
    consumption = link.consume(ConsumeOptions(queue=QUEUE), came.append)

    def gave_up() -> bool:
        while came:
            consumption.settle(came.pop(), Settlement.REJECT)
        return waiting(link, DEAD) == 1

    wait_until(gave_up)
    consumption.close().result(10)
    stray = encode(Event("oldEvent", "late"), service="publisher")
    link.publish(f"service__{SERVICE}", LOST, stray).result(10)

    listed = bus_core("dead", "list", "--service", SERVICE, "--json", "--all", "--url", shift.url)
    assert listed.wait() == 0
    wait_until(lambda: waiting(link, DEAD) == 2)
    documents = [json.loads(line) for line in listed.output.splitlines() if line.startswith("{")]
    seen = [(one["reason"], one["queue"], one["type"]) for one in documents]
    assert sorted(seen) == [("broker", QUEUE, EVENT_TYPE), ("stray", LOST, "oldEvent")]
    assert "delivery_limit" in str(documents)

    command = ("dead", "retry", "--service", SERVICE, "--all", "--yes", "--url", shift.url)
    retried = bus_core(*command)
    assert retried.wait() == 1
    assert "retried 1, left 1 of those chosen untouched" in retried.output
    assert f"1 stay here: there is no queue {LOST} any more" in retried.output
    wait_until(lambda: (waiting(link, DEAD), waiting(link, QUEUE)) == (1, 1))


@pytest.fixture
def stuck_halfway(bus_core: BusCore, shift: Shift, link: Link, rabbit: Vhost) -> ManagedProcess:
    """A retry of 2,000 whose queue takes about half of them, and more once somebody reads it."""
    room = {"pattern": "^consumer__", "definition": {"max-length": 1_050}, "apply-to": "queues"}
    rabbit.api("PUT", "policies/{vhost}/room", room)
    bury(link, 2_000)
    command = ("dead", "retry", "--service", SERVICE, "--all", "--yes", "--url", shift.url)
    retrying = bus_core(*command)
    retrying.wait_for_line(r"^retried 100 of 2,000")
    wait_until(lambda: waiting(link, QUEUE) >= 1_050, message=retrying.output_tail)
    return retrying


def test_interrupted_halfway_none_is_lost(stuck_halfway: ManagedProcess, link: Link) -> None:
    stuck_halfway.send_signal(signal.SIGINT)
    again = take_all(link, QUEUE, auto_ack=True)
    assert stuck_halfway.wait() == 130
    said = stuck_halfway.wait_for_line(r"^retried ([\d,]+), left").group(1)
    done = int(said.replace(",", ""))
    assert 1_000 < done < 2_000
    wait_until(lambda: len(again) == done)
    wait_until(lambda: waiting(link, DEAD) == 2_000 - done)
    dead = take_all(link, DEAD)
    wait_until(lambda: len(dead | again) == 2_000)
    assert not dead & again


def test_killed_halfway_none_is_lost(stuck_halfway: ManagedProcess, link: Link) -> None:
    stuck_halfway.kill()
    wait_until(lambda: waiting(link, DEAD) >= 900)
    dead, again = take_all(link, DEAD), take_all(link, QUEUE)
    wait_until(lambda: len(dead | again) == 2_000)
    assert len(dead & again) <= 100  # at most those that were on their way are there twice


def take_all(link: Link, queue: str, *, auto_ack: bool = False) -> set[int]:
    """Return the payloads that wait in a queue, as they come."""
    found: set[int] = set()

    def take(delivery: Delivery) -> None:
        found.add(json.loads(delivery.message.body)["event"]["payload"])

    link.consume(ConsumeOptions(queue=queue, prefetch=10_000, auto_ack=auto_ack), take)
    return found


def test_a_service_that_never_ran_is_one_sentence(bus_core: BusCore, rabbit: Vhost) -> None:
    listed = bus_core("dead", "list", "--service", "stranger", "--url", rabbit.amqp_url)
    assert listed.wait() == 1
    (line,) = listed.output.splitlines()
    assert "there is no queue dead__stranger on this broker" in line


def test_who_may_not_read_it_is_told_so(
    bus_core: BusCore, shift: Shift, link: Link, rabbit: Vhost
) -> None:
    user = f"confined-{rabbit.vhost}"
    rabbit.node.api("PUT", f"users/{user}", {"password": "p", "tags": ""})
    rights = {"configure": "^$", "write": ".*", "read": "^consumer__.*$"}
    rabbit.api("PUT", f"permissions/{{vhost}}/{user}", rights)
    try:
        bury(link, 1)
        url = shift.url.replace("guest:guest", f"{user}:p")
        listed = bus_core("dead", "list", "--service", SERVICE, "--url", url)
        assert listed.wait() == 1
        assert "this user may lack the right to read it" in listed.output
        assert "Traceback" not in listed.output
    finally:
        rabbit.node.api("DELETE", f"users/{user}")


def test_a_pipe_that_closes_early_is_no_error(shift: Shift, link: Link, bus_core: BusCore) -> None:
    bury(link, 3_000)
    command = [*bus_core("--help").args[:3], "dead", "list", "--service", SERVICE, "--all"]
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", '"$@" | head -1', "-", *command, "--url", shift.url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == f"3,000 dead letters of {SERVICE}\n"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    wait_until(lambda: waiting(link, DEAD) == 3_000)

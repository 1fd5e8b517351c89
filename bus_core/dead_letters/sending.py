"""Sending a dead letter back to the one subscription that it belongs to."""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future

from bus_core.copies import another_chance
from bus_core.dead_letters.letter import DeadLetter
from bus_core.link import Link
from bus_core.topology import Binding, Topology, handling_topology, service_exchange

SEND_SECONDS = 30.0


def open_targets(
    link: Link, service: str, letters: Iterable[DeadLetter], *, timeout: float = 30.0
) -> frozenset[str]:
    """Return those of the letters' queues that exist, after making sure of their doors.

    To be asked first: what finds no queue behind the service's door comes straight back as a
    dead letter. A binding that is missing is made, where the rights allow that. `timeout` in
    seconds, for each answer. Raises `NotSent` when the broker is away.
    """
    queues = {letter.queue for letter in letters if letter.queue}
    there = frozenset(one for one in queues if link.look(one, timeout=timeout) is not None)
    if there:
        door = service_exchange(service)
        bindings = (Binding(source=door, queue=one, routing_key=one) for one in sorted(there))
        link.declare(
            handling_topology(service) + Topology(bindings=tuple(bindings)), timeout=timeout
        )
    return there


def send_again(
    link: Link,
    service: str,
    letter: DeadLetter,
    *,
    timeout: float = SEND_SECONDS,
    headers: Mapping[str, str] | None = None,
    once: bool = False,
) -> "Future[None]":
    """Send a dead letter to its subscription's queue and to no other.

    The future ends when the broker has it: remove the dead letter only then. A crash in between
    makes a duplicate, never a loss. `timeout` in seconds; `headers` are sent along, and are still
    there when it dies again. With `once` its next failure is its last. Raises `ValueError` when
    nobody can tell its queue.
    """
    if letter.queue is None:
        raise ValueError(f"nobody can tell which queue {letter.id or 'this message'} belongs to")
    message = another_chance(letter.message, once=once)
    if headers:
        message = message.with_headers({**message.headers, **headers})
    return link.publish(
        service_exchange(service),
        letter.queue,
        message,
        mandatory=True,
        timeout=timeout,
        ensure=handling_topology(service),
    )

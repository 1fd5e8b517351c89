"""What is done with queues and bindings one step after the other, on the declarer's channel."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from pika.channel import Channel

from bus_core.rabbitmq.wire import NOT_FOUND, channel_error
from bus_core.topology import Binding, Queue


@dataclass(frozen=True)
class Refusal:
    """The broker closed the channel instead of doing what was asked."""

    code: int
    text: str


Operation = Callable[[Channel, Callable[[Any], None]], None]
Steps = Generator[Operation, Refusal | None, None]


def bind(binding: Binding) -> Operation:
    """Make a binding."""
    return lambda channel, done: channel.queue_bind(
        binding.queue, binding.source, binding.routing_key, callback=done
    )


def rebind(add: Sequence[Binding], remove: Sequence[Binding]) -> Steps:
    """Make bindings, then end others; one that ends already is as good."""
    for binding in add:
        _accept((yield bind(binding)))
    for binding in remove:
        refusal = yield _unbind(binding)
        if refusal is not None and refusal.code != NOT_FOUND:
            _accept(refusal)


def delete(
    name: str,
    successor: Queue | None,
    deleted: Callable[[bool], None],
    answer: Callable[[], Any],
) -> Steps:
    """Delete a queue in which no message waits, and make its successor.

    `answer` returns the broker's last one.
    """
    refusal = yield lambda channel, done: channel.queue_declare(name, passive=True, callback=done)
    if refusal is not None and refusal.code != NOT_FOUND:
        _accept(refusal)
    # The count first: looking at a message uses it up a little.
    if refusal is None and (
        answer().method.message_count or (yield from _holds_a_message(name, answer))
    ):
        deleted(False)
        return
    _accept((yield lambda channel, done: _replace(channel, name, successor, done)))
    deleted(True)


def _holds_a_message(
    name: str, answer: Callable[[], Any]
) -> Generator[Operation, Refusal | None, bool]:
    """Ask for a message, the one honest look; one that comes goes back."""
    _accept(
        (
            yield lambda channel, done: channel.basic_get(
                name, lambda channel, method, _properties, _body: done((channel, method))
            )
        )
    )
    found = answer()
    if not isinstance(found, tuple):
        return False
    channel, method = found
    channel.basic_nack(method.delivery_tag, requeue=True)
    return True


def _replace(
    channel: Channel, name: str, successor: Queue | None, done: Callable[[Any], None]
) -> None:
    if successor is None:
        channel.queue_delete(name, callback=done)
        return
    # Without waiting for an answer in between: whoever consumed it may be about to declare it.
    channel.queue_delete(name)
    channel.queue_declare(
        successor.name,
        durable=successor.durable,
        auto_delete=successor.auto_delete,
        arguments=dict(successor.arguments),
        callback=done,
    )


def _unbind(binding: Binding) -> Operation:
    return lambda channel, done: channel.queue_unbind(
        binding.queue, binding.source, binding.routing_key, callback=done
    )


def _accept(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise channel_error(refusal.code, refusal.text)

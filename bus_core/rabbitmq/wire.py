"""Between our messages and pika's frames and errors."""

from collections.abc import Iterator
from typing import Any

from pika import BasicProperties
from pika.exceptions import (
    AuthenticationError,
    ConnectionClosed,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)
from pika.spec import Basic

from bus_core.errors import AccessRefused, BusError, LoginRefused, NotFound, PreconditionFailed
from bus_core.message import Delivery, Message

NO_ROUTE, ACCESS_REFUSED, NOT_FOUND, LOCKED, PRECONDITION_FAILED = 312, 403, 404, 405, 406
NOT_ALLOWED = 530


def to_properties(message: Message) -> BasicProperties:
    """Return the AMQP properties of a message."""
    return BasicProperties(
        content_type=message.content_type,
        headers=dict(message.headers) or None,
        delivery_mode=2 if message.persistent else 1,
        correlation_id=message.correlation_id,
        expiration=message.expiration,
        message_id=message.message_id,
        timestamp=message.timestamp,
        type=message.type,
        user_id=message.user_id,
        app_id=message.app_id,
    )


def to_delivery(
    queue: str, epoch: int, method: Basic.Deliver, properties: BasicProperties, body: bytes
) -> Delivery:
    """Return what the broker delivered, in our terms."""
    headers: dict[str, Any] = properties.headers or {}
    count = headers.get("x-delivery-count", 0)
    return Delivery(
        message=Message(
            body=body,
            headers=headers,
            content_type=properties.content_type,
            message_id=properties.message_id,
            type=properties.type,
            app_id=properties.app_id,
            correlation_id=properties.correlation_id,
            user_id=properties.user_id,
            expiration=properties.expiration,
            timestamp=properties.timestamp,
            persistent=properties.delivery_mode == 2,
        ),
        queue=queue,
        exchange=method.exchange,
        routing_key=method.routing_key,
        redelivered=method.redelivered,
        delivery_count=count if isinstance(count, int) else 0,
        tag=method.delivery_tag,
        epoch=epoch,
    )


def channel_error(code: int, text: str) -> BusError:
    """Return our error for the reason with which the broker closed a channel."""
    if code == NOT_FOUND and "down or inaccessible" in text:
        return BusError(text)  # it exists, its node is only starting
    kinds = {
        ACCESS_REFUSED: AccessRefused,
        NOT_FOUND: NotFound,
        LOCKED: AccessRefused,
        PRECONDITION_FAILED: PreconditionFailed,
    }
    return kinds.get(code, BusError)(f"{text} ({code})")


def login_error(error: BaseException) -> LoginRefused | None:
    """Return the terminal error hidden in a failed connection attempt, if there is one."""
    for cause in _causes(error):
        if isinstance(cause, AuthenticationError | ProbableAuthenticationError):
            return LoginRefused("RabbitMQ refused the user name or the password in the URL.")
        if isinstance(cause, ProbableAccessDeniedError):
            return LoginRefused("RabbitMQ refused this user access to the virtual host in the URL.")
        if isinstance(cause, ConnectionClosed):
            text = cause.reply_text
            if cause.reply_code == ACCESS_REFUSED:
                return LoginRefused(f"RabbitMQ refused the connection: {text}")
            if cause.reply_code == NOT_ALLOWED and ("not found" in text or "refused" in text):
                return LoginRefused(f"RabbitMQ refused the virtual host in the URL: {text}")
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = [error]
    while seen:
        current = seen.pop()
        yield current
        nested = (*current.args, *getattr(current, "exceptions", ()), current.__cause__)
        nested = (*nested, getattr(current, "exception", None))
        seen.extend(one for one in nested if isinstance(one, BaseException))

"""The bus's way to RabbitMQ, on pika's event loop; nothing outside this folder imports pika."""

import logging

from bus_core.rabbitmq.link import RabbitLink

# pika logs each broken connection eight times over; we say it once. Who wants pika's own words
# sets the level of its logger.
if (_pika := logging.getLogger("pika")).level == logging.NOTSET:
    _pika.setLevel(logging.CRITICAL)

__all__ = ["RabbitLink"]

"""The bus's way to RabbitMQ, on pika's event loop; nothing outside this folder imports pika."""

from bus_core.rabbitmq.link import RabbitLink

__all__ = ["RabbitLink"]

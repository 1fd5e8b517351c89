"""What is: one interface to the broker's management, over RabbitMQ and over the embedded broker.

It reads and writes objects as `bus_core.topology` spells them. What should be there and whose an
object is are not decided here.
"""

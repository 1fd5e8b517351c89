"""kombu: what Celery stands on. On AMQP it waits for each confirm before the next event."""

from kombu import Connection, Consumer, Message, Producer, Queue

from benchmarks.job import (
    EXCHANGE,
    PREFETCH,
    QUEUE,
    Figures,
    Job,
    Stopwatch,
    for_seconds,
    ready_body,
)

WARM_UP_EVENTS = 50


def publish(job: Job) -> Figures:
    """One event after the other, with confirms."""
    body = ready_body()
    with Connection(job.url, transport_options={"confirm_publish": True}) as connection:
        producer = Producer(connection)

        def publish_one() -> None:
            producer.publish(
                body,
                routing_key="",
                exchange=EXCHANGE,
                delivery_mode=2,
                content_type="application/json",
                content_encoding="binary",
            )

        for _ in range(WARM_UP_EVENTS):
            publish_one()
        sent = 0
        watch = Stopwatch()
        for _ in for_seconds(job.seconds):
            publish_one()
            sent += 1
        return watch.figures(sent)


def consume(job: Job) -> Figures:
    """Acknowledge each message as it comes; bodies are not decoded."""
    handled = 0
    watch: Stopwatch

    def handle(message: Message) -> None:
        nonlocal handled, watch
        handled += 1
        if handled == 1:
            watch = Stopwatch()
        message.ack()

    with Connection(job.url) as connection:
        queue = Queue(QUEUE, no_declare=True)
        with Consumer(connection, [queue], on_message=handle, prefetch_count=PREFETCH):
            while handled < job.events:
                connection.drain_events(timeout=30)
            return watch.figures(handled)

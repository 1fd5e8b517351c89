"""Dead letters as rows, past queue and keeper: for tests of what shows them or acts on them."""

import json
from typing import Any
from uuid import UUID

from django.core.management.color import no_style
from django.db import connection
from django.utils import timezone

from bus_core.copies import DEAD_AT, DEAD_ATTEMPTS, DEAD_ERROR, DEAD_QUEUE, DEAD_REASON
from bus_core.envelope import encode
from bus_core.event import Event
from bus_core.message import Delivery
from bus_core.topology import consumer_queue, dead_letters
from eventbus_admin.deadletters import wire
from eventbus_admin.deadletters.models import Cause, DeadLetter, RetryRun
from eventbus_admin.deadletters.wording import cause_key, cause_text
from eventbus_admin.registry.models import Service

RUN = UUID(int=1)
ERROR = "Traceback (most recent call last):\n  …\nHTTPError: 503"


def write_dead_letters(
    service: Service, event_type: str, *, number: int = 1, error: str = ERROR, **fields: Any
) -> list[DeadLetter]:
    """Write so many that wait, all of one cause; the first time also a run that nobody took up."""
    key = cause_key(service.name, event_type, "attempts", cause_text(error))
    cause, _ = Cause.objects.get_or_create(
        key=key,
        defaults={
            "pk": Cause.objects.count() + 1,
            "service": service,
            "event_type": event_type,
            "reason": "attempts",
            "text": cause_text(error),
        },
    )
    RetryRun.objects.get_or_create(
        pk=RUN, defaults={"requested_by_name": "mia", "what": "all that wait", "total": 1}
    )
    first = DeadLetter.objects.count() + 1
    rows = [
        _row(service, event_type, cause, error, one, fields) for one in range(first, first + number)
    ]
    written = DeadLetter.objects.bulk_create(rows)
    Cause.objects.filter(pk=cause.pk).update(newest=written[-1].pk)
    with connection.cursor() as cursor:  # numbers that were given do not count for PostgreSQL
        for line in connection.ops.sequence_reset_sql(no_style(), [Cause, DeadLetter]):
            cursor.execute(line)
    return written


def _row(
    service: Service, event_type: str, cause: Cause, error: str, number: int, fields: Any
) -> DeadLetter:
    now = timezone.now()
    event = Event(event_type, {"journal": "elife"}, id=f"{event_type}_{number}")
    message = encode(event, service="submission")
    queue = consumer_queue(event_type, service.name)
    message = message.with_headers(
        {
            **message.headers,
            DEAD_REASON: "attempts",
            DEAD_QUEUE: queue,
            DEAD_ERROR: error,
            DEAD_ATTEMPTS: 10,
            DEAD_AT: int(now.timestamp()),
        }
    )
    dead = dead_letters(service.name)
    delivery = Delivery(message=message, queue=dead, exchange=dead, routing_key=queue)
    values = {
        "pk": number,  # so that a test can name its page
        "identity": f"test {number}",
        "service": service,
        "cause": cause,
        "queue": queue,
        "event_type": event_type,
        "event_id": event.id,
        "correlation_id": event.correlation_id,
        "reason": "attempts",
        "attempts": 10,
        "worker": "host/7/a",
        "died": now,
        "taken_in": now,
        "decodable": True,
        "size": len(message.body),
        "since": now,
        "error": error,
        "properties": wire.properties_text(delivery),
        "body": message.body,
        **fields,
    }
    return DeadLetter(**values)


def payload_of(letter: DeadLetter) -> Any:
    """What an event that gave up holds."""
    return json.loads(bytes(letter.body))["event"]["payload"]

"""How many dead letters wait, counted where they are."""

from django.db.models import Count

from eventbus_admin.deadletters.models import DeadLetter


def waiting_by_queue() -> dict[str, int]:
    """Return how many wait for a person, by the queue that they belong to; one query."""
    counted = DeadLetter.objects.waiting().order_by().values_list("queue")
    return dict(counted.annotate(number=Count("pk")))

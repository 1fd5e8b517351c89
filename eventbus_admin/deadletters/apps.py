"""The dead letters app."""

from django.apps import AppConfig


class DeadLettersConfig(AppConfig):
    """What gave up and waits for a person."""

    name = "eventbus_admin.deadletters"
    label = "deadletters"
    verbose_name = "Dead letters"

    def ready(self) -> None:
        """Tell those who say how subscriptions are how many wait."""
        from eventbus_admin.deadletters.counts import waiting_by_queue
        from eventbus_admin.reconcile import waiting

        waiting.told_by(waiting_by_queue)

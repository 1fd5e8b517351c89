"""What was revealed to whom; the audit trail keeps it for good, these rows while it lasts."""

from django.conf import settings
from django.db import models


class Reveal(models.Model):
    """One person is shown one event, or everything of one type, until a moment."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reveals"
    )
    event_type = models.CharField(max_length=120, blank=True)
    """By its name: what flows need not be registered."""
    event_id = models.CharField(max_length=255, blank=True)
    """The one event; empty for all of the type."""
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.event_id or self.event_type} to {self.user}"

"""Who did what to which object, and what changed."""

import uuid

from django.conf import settings
from django.db import models


class AuditEntry(models.Model):
    """One domain verb, carried out by somebody."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    group = models.UUIDField(default=uuid.uuid4, db_index=True)
    """Entries of one request or one run share it."""
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_name = models.CharField(max_length=150)
    """Kept as text too: an entry outlives the account; `system` when no person did it."""
    verb = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_name = models.CharField(max_length=255, db_index=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.verb} {self.object_kind} {self.object_name}"

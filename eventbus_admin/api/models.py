"""The REST API's own memory: what was answered under which idempotency key."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class KeptAnswer(models.Model):
    """The answer to a request that created something, stored together with what it created."""

    owner = models.CharField(max_length=140)
    """Whose key it is: two people may use the same."""
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    """Of the request, to tell a repetition from another use of the key."""
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("owner", "key"), name="one_kept_answer")]

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"

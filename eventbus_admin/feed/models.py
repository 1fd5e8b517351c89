"""How the feed is doing, as the leader's pump last said."""

from django.db import models


class FeedState(models.Model):
    """The pump's figures: one row, so that every process can tell them."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    pump = models.CharField(max_length=16, blank=True)
    """Which pump: another one begins to count anew."""
    events = models.PositiveBigIntegerField(default=0)
    """Events that were told to the sockets."""
    dropped = models.PositiveBigIntegerField(default=0)
    """Events that came faster than they could be moved, and are in neither journal nor feed."""
    unwritten = models.PositiveBigIntegerField(default=0)
    """Events, outcomes and announcements given up because the database was away for too long."""
    rate = models.FloatField(default=0)
    """Events a second."""
    at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.rate} events/s, {self.dropped} dropped"

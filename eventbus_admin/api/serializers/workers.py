"""Workers: the running processes of a service."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Moment
from eventbus_admin.api.serializers.base import ListParameters, ordering

EXAMPLE = {
    "worker": "meca-exporter@exports-1:4711",
    "host": "exports-1",
    "pid": 4711,
    "version": "0.1.0",
    "subscriptions": ["beginMecaExport"],
    "paused": [],
    "started": "2026-11-23T18:39:11.034Z",
    "last_seen": "2026-11-23T18:41:41.102Z",
}


class WorkerOut(serializers.Serializer[Any]):
    """A process that announced itself, as it says itself."""

    worker = serializers.CharField(help_text="Its id.")
    host = serializers.CharField()
    pid = serializers.IntegerField()
    version = serializers.CharField(help_text="Of bus_core.")
    subscriptions = serializers.ListField(child=serializers.CharField())
    paused = serializers.ListField(child=serializers.CharField())
    started = Moment(allow_null=True)
    last_seen = Moment()


class WorkerParameters(ListParameters):
    """How workers are listed."""

    ordering = ordering("worker")

"""Status, plan and runs."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Choice, Moment, Name, Text
from eventbus_admin.api.serializers.base import ListParameters, SearchParameters, Strict, ordering
from eventbus_admin.broker.changes import Hearing
from eventbus_admin.reconcile.models import Run, Sync
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.plan import StepKind

KINDS = [(kind.value, kind.value) for kind in ObjectKind]
DIFFERENT = [choice for choice in Sync.choices if choice[0] not in {Sync.IN_SYNC, Sync.UNKNOWN}]
HEARINGS = [(one.value, one.value) for one in Hearing]
MAX_STEPS = 5000
QUEUE = "consumer__exportRequested__export-manager"
RUN_ID = "0d4f3f5e-6a53-4b3e-9f0e-2f6f1b6c7d11"
PLAN_ID = "7f3a91c04be2d615"

STATUS_EXAMPLE = {
    "backend": "rabbitmq",
    "broker": {
        "name": "rabbit@bus-1",
        "version": "4.1.4",
        "reachable": True,
        "error": "",
        "observed_at": "2026-11-23T18:39:11.034Z",
        "hints": "on",
        "hints_message": "",
    },
    "drift": {"in_sync": 41, "missing": 1},
    "registry_revision": 118,
    "applied_revision": 118,
}
STEP_EXAMPLE = {
    "kind": "create",
    "object": "queue",
    "name": QUEUE,
    "sync": "missing",
    "service": "export-manager",
    "event_type": "exportRequested",
    "message": "export-manager gets no exportRequested until its queue is made.",
    "should": {"type": "quorum", "durable": True},
    "found": None,
    "since": "2026-11-23T18:39:11.034Z",
}
RUN_EXAMPLE = {
    "id": RUN_ID,
    "state": "done",
    "reason": "Asked for by mia",
    "requested_by": "mia",
    "revision": 118,
    "chosen": [QUEUE],
    "progress": {"total": 1, "done": 1, "failed": 0},
    "error": "",
    "created": "2026-11-23T18:39:11.034Z",
    "started": "2026-11-23T18:39:11.201Z",
    "finished": "2026-11-23T18:39:11.684Z",
}
RUN_DETAIL_EXAMPLE = {
    **RUN_EXAMPLE,
    "steps": [
        {
            "kind": "create",
            "object": "queue",
            "name": QUEUE,
            "reason": "export-manager gets no exportRequested until its queue is made.",
            "result": "done",
            "error": "",
        }
    ],
}


class BrokerOut(serializers.Serializer[Any]):
    """The broker as it was last read."""

    name = serializers.CharField()
    version = serializers.CharField()
    reachable = serializers.BooleanField()
    error = serializers.CharField(help_text="Why it cannot be read; empty when it can.")
    observed_at = Moment(allow_null=True)
    hints = serializers.ChoiceField(
        HEARINGS, help_text="Whether it tells of changes, so that drift is seen within a second."
    )
    hints_message = serializers.CharField(help_text="Why it does not, and what to do.")


class StatusOut(serializers.Serializer[Any]):
    """How the installation is."""

    backend = serializers.ChoiceField([("mock", "mock"), ("rabbitmq", "rabbitmq")])
    broker = BrokerOut()
    drift = serializers.DictField(
        child=serializers.IntegerField(), help_text="Objects on the broker by sync state."
    )
    registry_revision = serializers.IntegerField(help_text="Raised by every change.")
    applied_revision = serializers.IntegerField(help_text="The last that the broker has.")


class StepOut(serializers.Serializer[Any]):
    """One difference between registry and broker."""

    kind = serializers.ChoiceField([(kind.value, kind.value) for kind in StepKind])
    object = serializers.ChoiceField(KINDS)
    name = serializers.CharField()
    sync = serializers.ChoiceField(DIFFERENT)
    service = serializers.CharField()
    event_type = serializers.CharField()
    message = serializers.CharField(help_text="What it means, and what to do.")
    should = serializers.DictField(allow_null=True)
    found = serializers.DictField(allow_null=True)
    since = Moment()


class PlanParameters(SearchParameters):
    """How the plan is listed."""

    sync = Choice(DIFFERENT, required=False)
    object = Choice(KINDS, required=False)
    service = Name(required=False)
    event_type = Name(required=False)
    ordering = ordering("object")


class ProgressOut(serializers.Serializer[Any]):
    """How many of a run's steps are over."""

    total = serializers.IntegerField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField()


class RunStepOut(serializers.Serializer[Any]):
    """What a run does to one object."""

    kind = serializers.CharField()
    object = serializers.CharField()
    name = serializers.CharField()
    reason = serializers.CharField()
    result = serializers.ChoiceField([("pending",) * 2, ("done",) * 2, ("failed",) * 2])
    error = serializers.CharField()


class RunOut(serializers.Serializer[Any]):
    """One time that the plan was carried out."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(Run.State.choices)
    reason = serializers.CharField()
    requested_by = serializers.CharField(
        source="requested_by.username", default=None, allow_null=True
    )
    revision = serializers.IntegerField()
    chosen = serializers.ListField(
        source="names",
        child=serializers.CharField(),
        allow_null=True,
        help_text="The objects that were chosen; null: all that differ.",
    )
    progress = serializers.SerializerMethodField()
    error = serializers.CharField()
    created = Moment()
    started = Moment(allow_null=True)
    finished = Moment(allow_null=True)

    def get_progress(self, run: Run) -> ProgressOut:
        """Return how many steps are over."""
        results = [step.get("result") for step in run.steps]
        counts = {name: results.count(name) for name in ("done", "failed")}
        return {"total": len(results), **counts}  # type: ignore[return-value]


class RunDetailOut(RunOut):
    """A run with its steps."""

    steps = RunStepOut(many=True)


class NewRun(Strict):
    """What is to be applied."""

    plan = Text(max_length=64, help_text="Its `id`; when the plan has changed since: 409.")
    steps = serializers.ListField(
        child=Text(max_length=800),
        required=False,
        min_length=1,
        max_length=MAX_STEPS,
        help_text="Names of the objects; without it, all that can be applied.",
    )


class RunParameters(ListParameters):
    """How runs are listed."""

    state = Choice(Run.State.choices, required=False)
    ordering = Choice([("-created",) * 2, ("created",) * 2], required=False, default="-created")

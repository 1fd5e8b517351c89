"""Status, plan and runs."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from bus_core.topology import QueueKind
from eventbus_admin.api.fields import Choice, Moment, Name, Text
from eventbus_admin.api.serializers.base import ListParameters, SearchParameters, Strict, ordering
from eventbus_admin.broker.changes import Hearing
from eventbus_admin.reconcile.models import NOT_DRIFT, Run, Sync
from eventbus_admin.reconcile.objects import ObjectKind, step_id
from eventbus_admin.reconcile.plan import StepKind
from eventbus_admin.reconcile.policy import Apply

KINDS = [(kind.value, kind.value) for kind in ObjectKind]
POLICIES = [(one.value, one.value) for one in Apply]
QUEUE_KINDS = [(one.value, one.value) for one in QueueKind]
DIFFERENT = [choice for choice in Sync.choices if choice[0] not in NOT_DRIFT]
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
    "policy": "sync",
    "registry_revision": 118,
    "applied_revision": 118,
}
IMPACT = "exportRequested runs at about 40 a minute; from now on export-manager gets it."
STEP_EXAMPLE = {
    "id": f"queue {QUEUE}",
    "kind": "create",
    "applies": True,
    "object": "queue",
    "name": QUEUE,
    "sync": "missing",
    "service": "export-manager",
    "event_type": "exportRequested",
    "message": "export-manager gets no exportRequested until its queue is made.",
    "impact": IMPACT,
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
    "chosen": [f"queue {QUEUE}"],
    "progress": {"total": 1, "done": 1, "failed": 0},
    "refused": False,
    "error": "",
    "created": "2026-11-23T18:39:11.034Z",
    "started": "2026-11-23T18:39:11.201Z",
    "finished": "2026-11-23T18:39:11.684Z",
}
RUN_DETAIL_EXAMPLE = {
    **RUN_EXAMPLE,
    "steps": [
        {
            "id": f"queue {QUEUE}",
            "kind": "create",
            "object": "queue",
            "name": QUEUE,
            "before": None,
            "after": {"type": "quorum", "durable": True},
            "reason": "export-manager gets no exportRequested until its queue is made.",
            "impact": IMPACT,
            "result": "done",
            "error": "",
        }
    ],
}
ADOPTION_EXAMPLE = {
    "services": ["export-manager"],
    "event_types": [],
    "subscriptions": [
        {"event_type": "exportRequested", "service": "export-manager", "kind": "quorum"}
    ],
    "left": [],
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
    policy = serializers.ChoiceField(
        POLICIES, help_text="How far the admin goes by itself; see EVENTBUS_APPLY."
    )
    registry_revision = serializers.IntegerField(help_text="Raised by every change.")
    applied_revision = serializers.IntegerField(help_text="The last that the broker has.")


class StepOut(serializers.Serializer[Any]):
    """One difference between registry and broker."""

    id = serializers.CharField(help_text="Chooses it in `runs/` and `plan/adopt/`.")
    kind = serializers.ChoiceField([(kind.value, kind.value) for kind in StepKind])
    applies = serializers.BooleanField(
        help_text="Whether a run does something about it, under the policy that holds."
    )
    object = serializers.ChoiceField(KINDS)
    name = serializers.CharField()
    sync = serializers.ChoiceField(DIFFERENT)
    service = serializers.CharField()
    event_type = serializers.CharField()
    message = serializers.CharField(help_text="What it means, and what to do.")
    impact = serializers.CharField(help_text="What it, or mending it, means for messages.")
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

    id = serializers.SerializerMethodField()
    kind = serializers.CharField()
    object = serializers.CharField()
    name = serializers.CharField()
    before = serializers.DictField(
        allow_null=True, default=None, help_text="As it was found; null: it was missing."
    )
    after = serializers.DictField(
        allow_null=True, default=None, help_text="As it is asked for; null: it goes."
    )
    reason = serializers.CharField()
    impact = serializers.CharField(default="", help_text="What it means for messages.")
    result = serializers.ChoiceField(
        [(result, result) for result in ("pending", "done", "failed", "skipped")]
    )
    error = serializers.CharField()

    def get_id(self, step: Mapping[str, Any]) -> str:
        """Return by what the plan calls it."""
        return step_id(step["object"], step["name"])


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
        help_text="The steps that were chosen; null: all that differed.",
    )
    progress = serializers.SerializerMethodField()
    refused = serializers.BooleanField(
        help_text="Something that it touches had changed since, so nothing was touched."
    )
    error = serializers.CharField()
    created = Moment()
    started = Moment(allow_null=True)
    finished = Moment(allow_null=True)

    def get_progress(self, run: Run) -> ProgressOut:
        """Return how many steps are over."""
        return {"total": run.total, "done": run.done, "failed": run.failed}  # type: ignore[return-value]


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
        help_text="Ids of steps, or names of objects; without it, all that can be applied.",
    )


class NewAdoption(Strict):
    """What the registry is to take over."""

    steps = serializers.ListField(
        child=Text(max_length=800),
        min_length=1,
        max_length=MAX_STEPS,
        help_text="Ids of steps, or names of objects.",
    )
    owner = Text(
        max_length=120,
        required=False,
        help_text="The team that shall own the services and event types that are new.",
    )


class AdoptedSubscriptionOut(serializers.Serializer[Any]):
    """A subscription that was adopted."""

    event_type = serializers.CharField()
    service = serializers.CharField()
    kind = serializers.ChoiceField(QUEUE_KINDS)


class AdoptionOut(serializers.Serializer[Any]):
    """What the registry took over."""

    services = serializers.ListField(child=serializers.CharField())
    event_types = serializers.ListField(child=serializers.CharField())
    subscriptions = AdoptedSubscriptionOut(many=True)
    left = serializers.ListField(
        child=serializers.CharField(),
        help_text="Chosen objects for which the registry has no words.",
    )


class RunParameters(ListParameters):
    """How runs are listed."""

    state = Choice(Run.State.choices, required=False)
    ordering = Choice([("-created",) * 2, ("created",) * 2], required=False, default="-created")

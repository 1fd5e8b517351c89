"""Operations on objects of the broker, and quarantines."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bus_core.topology import QueueKind
from eventbus_admin.api.fields import Choice, Moment, Text
from eventbus_admin.api.serializers.base import ListParameters, Strict
from eventbus_admin.reconcile.operations.actions import REMOVABLE
from eventbus_admin.reconcile.operations.models import Operation, Quarantine
from eventbus_admin.reconcile.operations.phases import steps_of
from eventbus_admin.reconcile.operations.removal import DISCARD, KEEP, QUARANTINE

OPERATION_ID = "7c2d1c34-9a0e-4a6f-8f5e-1b7a5d3f2e10"
RETIRED_QUEUE = "consumer__exportRequested__export-manager"
QUARANTINE_QUEUE = f"quarantine__7c2d1c349a__{RETIRED_QUEUE}"
NEWEST_FIRST = [("-created",) * 2, ("created",) * 2]
ASKED = [(one.value, one.value) for one in (Operation.Kind.REMOVAL, Operation.Kind.SWAP)]
OBJECTS = [(kind.value, kind.value) for kind in REMOVABLE]
MESSAGES = [(word, word) for word in (KEEP, QUARANTINE, DISCARD)]
KINDS = [(kind.value, kind.value) for kind in QueueKind]
STEP_STATES = [
    (word, word) for word in ("pending", "running", "paused", "done", "failed", "skipped")
]

OPERATION_EXAMPLE = {
    "id": OPERATION_ID,
    "kind": "removal",
    "object": "queue",
    "name": RETIRED_QUEUE,
    "state": "running",
    "phase": "empty",
    "message": "3 messages wait to be moved to quarantine, and none is in anybody's hands.",
    "moved": 1201,
    "again": 0,
    "waiting": 3,
    "requested_by": "otto",
    "created": "2026-11-23T18:39:11.034Z",
    "started": "2026-11-23T18:39:11.201Z",
    "finished": None,
}
STEPS_EXAMPLE = [
    {
        "name": "empty",
        "title": "Wait until it is quiet",
        "means": "What it holds is moved, handled, or waited for.",
        "state": "running",
    }
]
QUARANTINE_EXAMPLE = {
    "id": 3,
    "name": QUARANTINE_QUEUE,
    "source": RETIRED_QUEUE,
    "service": "export-manager",
    "event_type": "exportRequested",
    "messages": 1204,
    "state": "kept",
    "created": "2026-11-23T18:39:11.034Z",
    "until": "2026-12-07T18:39:40.512Z",
    "ended": None,
}


class OperationOut(serializers.Serializer[Any]):
    """Something that is done to one object on the broker."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(Operation.Kind.choices)
    object = serializers.ChoiceField(OBJECTS, source="object_kind")
    name = serializers.CharField()
    state = serializers.ChoiceField(Operation.State.choices)
    phase = serializers.CharField(help_text="Empty before it has begun.")
    message = serializers.CharField(
        source="sentence", help_text="Where it is, and what it waits for."
    )
    moved = serializers.IntegerField(help_text="Messages that were moved, there and back.")
    again = serializers.IntegerField(help_text="Of these, known to come a second time perhaps.")
    waiting = serializers.IntegerField(help_text="Messages still to be moved or handled.")
    requested_by = serializers.CharField(source="requester")
    created = Moment()
    started = Moment(allow_null=True)
    finished = Moment(allow_null=True)


class PhaseOut(serializers.Serializer[Any]):
    """One phase of an operation."""

    name = serializers.CharField()
    title = serializers.CharField()
    means = serializers.CharField()
    state = serializers.ChoiceField(STEP_STATES)


class OperationDetailOut(OperationOut):
    """An operation with its phases."""

    phases = serializers.SerializerMethodField()

    @extend_schema_field(PhaseOut(many=True))
    def get_phases(self, operation: Operation) -> list[dict[str, str]]:
        """Return its phases, each with how it stands."""
        return [
            {
                "name": step.phase.name,
                "title": step.phase.title,
                "means": step.phase.means,
                "state": step.state,
            }
            for step in steps_of(operation)
        ]


class NewOperation(Strict):
    """What is to be done."""

    kind = Choice(ASKED)
    object = Choice(OBJECTS, required=False, default="queue")
    name = Text(max_length=800, help_text="The object's, as the plan calls it.")
    messages = Choice(
        MESSAGES,
        required=False,
        default=KEEP,
        help_text="What becomes of a removed queue's messages.",
    )
    typed = Text(
        max_length=800,
        required=False,
        default="",
        allow_blank=True,
        help_text="The name once more: for a queue with messages or consumers.",
    )
    queue_kind = Choice(
        KINDS, required=False, help_text="Of a swap: what the registry is to ask for from now on."
    )


class OperationParameters(ListParameters):
    """How operations are listed."""

    kind = Choice(Operation.Kind.choices, required=False)
    state = Choice(Operation.State.choices, required=False)
    ordering = Choice(NEWEST_FIRST, required=False, default="-created")


class QuarantineOut(serializers.Serializer[Any]):
    """What a removed queue held."""

    id = serializers.IntegerField()
    name = serializers.CharField(help_text="Of its queue on the broker.")
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="The queue whose messages it keeps."
    )
    service = serializers.CharField(source="service_name")
    event_type = serializers.CharField(source="event_type_name")
    messages = serializers.IntegerField()
    state = serializers.ChoiceField(Quarantine.Outcome.choices, source="outcome")
    created = Moment()
    until = Moment(allow_null=True, help_text="When it is discarded; null while being filled.")
    ended = Moment(allow_null=True)


class QuarantineParameters(ListParameters):
    """How quarantines are listed."""

    state = Choice(Quarantine.Outcome.choices, required=False)
    ordering = Choice(NEWEST_FIRST, required=False, default="-created")


class Restoring(Strict):
    """Where its messages go."""

    to = Text(
        max_length=255,
        required=False,
        default="",
        allow_blank=True,
        help_text="A queue that the registry asks for; without it, the one they came from.",
    )


class Discarding(Strict):
    """Proof that it is meant."""

    typed = Text(
        max_length=255, required=False, default="", allow_blank=True, help_text="Its `source`."
    )

"""Why an event did not reach a service."""

from typing import Any

from rest_framework import serializers

from eventbus_admin.api.fields import Moment, Name
from eventbus_admin.api.serializers.base import Parameters
from eventbus_admin.why.findings import Answer, Finding, Kind, Mark

_ID = "articleAccepted_4f0c8a5e-1f3a-4f57-8f0c-0c3f5b9f7a11"
_GAVE_UP = (
    f"{_ID} reached broken-journal three times and gave up at 14:02 UTC: KeyError: 'title'. "
    "It lies in the dead letters."
)
EXAMPLE = {
    "event": _ID,
    "event_type": "articleAccepted",
    "service": "broken-journal",
    "verdict": "dead",
    "sentence": _GAVE_UP,
    "findings": [
        {
            "about": "Published",
            "mark": "proven",
            "sentence": "The journal saw it from submission at 14:01 UTC.",
            "source": "journal",
            "at": "2026-11-23T14:01:11.041Z",
            "advice": "",
        },
        {
            "about": "Dead letter",
            "mark": "stopped",
            "sentence": _GAVE_UP.replace(_ID, "It"),
            "source": "dead letter 7; worker host-1/812/3f",
            "at": "2026-11-23T14:02:12.000Z",
            "advice": "Read the error, mend it, then retry it.",
        },
    ],
}


class WhyParameters(Parameters):
    """What helps where nobody here saw the event."""

    type = Name(required=False, help_text="The event's type.")
    at = Moment(required=False, help_text="When it was published, as far as you know.")


class FindingOut(serializers.Serializer[Any]):
    """One fact, with its source."""

    about = serializers.CharField()
    mark = serializers.ChoiceField(
        [(one.value, one.value) for one in Mark],
        help_text="`stopped`: proven, and the event got no further; `aside`: worth knowing only.",
    )
    sentence = serializers.CharField()
    source = serializers.CharField(help_text="What proves it.")  # type: ignore[assignment]
    at = Moment(allow_null=True)
    advice = serializers.CharField(help_text="What to do; often nothing.")


class WhyOut(serializers.Serializer[Any]):
    """What is known of one event's way to one service."""

    event = serializers.CharField()
    event_type = serializers.CharField()
    service = serializers.CharField()
    verdict = serializers.ChoiceField([(one.value, one.value) for one in Kind])
    sentence = serializers.CharField(help_text="The answer in one sentence.")
    findings = FindingOut(many=True)


def answer_of(answer: Answer, *, event: str, event_type: str, service: str) -> dict[str, Any]:
    """Return an answer as it is sent."""
    return {
        "event": event,
        "event_type": event_type,
        "service": service,
        "verdict": answer.verdict.kind.value,
        "sentence": answer.verdict.sentence,
        "findings": [_finding(one) for one in answer.findings],
    }


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "about": found.about,
        "mark": found.mark.value,
        "sentence": found.sentence,
        "source": found.source,
        "at": found.at,
        "advice": found.advice,
    }

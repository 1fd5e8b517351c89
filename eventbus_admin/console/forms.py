"""Forms that hand their values to the registry's actions; the rules live there."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest

from bus_core.topology import QueueKind
from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.errors import NotAllowed
from eventbus_admin.accounts.models import Team, User
from eventbus_admin.console.times import duration
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.states import Lifecycle, ServiceKind

R = TypeVar("R")

if TYPE_CHECKING:
    _TeamField = forms.ModelChoiceField[Team]
else:
    _TeamField = forms.ModelChoiceField

_BOXES = (forms.CheckboxSelectMultiple, forms.RadioSelect, forms.CheckboxInput)


class ConsoleForm(forms.Form):
    """A form in the console's look that carries out an action and shows its refusal in place."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if not isinstance(field.widget, _BOXES):
                classes = field.widget.attrs.get("class", "")
                field.widget.attrs["class"] = f"input {classes}".strip()

    def carry_out(self, action: Callable[..., R], user: User, **values: Any) -> R | None:
        """Call the action with what was filled in and `values`, as this person.

        When something is missing, or the action refuses, the sentence is put where it belongs
        and nothing returned.
        """
        if not self.is_valid():
            return None
        try:
            return action(actor=Actor.person(user), **self.cleaned_data, **values)
        except ActionError as error:
            known = error.field if error.field in self.fields else None
            self.add_error(known, error.message)
        except NotAllowed as error:
            self.add_error(None, str(error))
        return None


class LoginForm(AuthenticationForm):
    """Name and password."""

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"


class OwnerField(_TeamField):
    """A team that this person may give things to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Team.objects.none(), to_field_name="name", **kwargs)

    def offer_to(self, user: User) -> None:
        """Offer operators every team and others their own."""
        self.queryset = Team.objects.all() if user.is_operator else user.teams.all()
        if len(teams := list(self.queryset[:2])) == 1:
            self.initial = teams[0]
            self.empty_label = None


class ExampleField(forms.CharField):
    """An example payload, typed as JSON."""

    def prepare_value(self, value: Any) -> Any:
        """Show a stored payload as text."""
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)

    def clean(self, value: Any) -> Any:
        """Return the payload; an empty text is none."""
        text = super().clean(value)
        if not text.strip():
            return None
        try:
            return json.loads(text)
        except ValueError as error:
            place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "here"
            raise forms.ValidationError(
                f"This is not JSON; it breaks at {place}. Names and texts need double quotes."
            ) from error


class _OwnedForm(ConsoleForm):
    """A form for something that a team owns."""

    owner = OwnerField(label="Team", help_text="Its members may change it.")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, OwnerField)  # noqa: S101 - for the type checker
        owner.offer_to(user)


def _name(example: str) -> forms.CharField:
    return forms.CharField(
        label="Name",
        max_length=120,
        help_text=f"Like {example}. Letters, digits, dots, hyphens; it cannot be changed later.",
        widget=forms.TextInput(
            attrs={"class": "input--code", "autocomplete": "off", "spellcheck": "false"}
        ),
    )


def _description(help_text: str) -> forms.CharField:
    return forms.CharField(
        required=False, help_text=help_text, widget=forms.Textarea(attrs={"rows": 3})
    )


class EventTypeChangeForm(_OwnedForm):
    """What is said about an event type."""

    description = _description("What happened when this event is published, in a sentence.")
    example = ExampleField(
        label="Example payload",
        required=False,
        help_text="JSON. Developers copy it, and test events begin with it.",
        widget=forms.Textarea(attrs={"rows": 8, "class": "input--code", "spellcheck": "false"}),
    )

    private = forms.BooleanField(
        label="What its events hold is private",
        required=False,
        help_text="Then only the teams that own, publish or listen to it are shown payloads, "
        "headers and errors. Others, operators too, give a reason first, and you read it.",
    )

    field_order = ("name", "owner", "description", "example", "private")


class EventTypeForm(EventTypeChangeForm):
    """A new event type."""

    name = _name("exportRequested")
    lifecycle = forms.ChoiceField(
        choices=[(state.value, state.label) for state in (Lifecycle.ACTIVE, Lifecycle.DRAFT)],
        help_text="A draft is announced but not in use yet.",
    )


class ServiceChangeForm(_OwnedForm):
    """What is said about a service."""

    description = _description("What it does, in a sentence.")
    contact = forms.EmailField(
        required=False, help_text="Who answers when its events wait. An e-mail address."
    )

    field_order = ("name", "kind", "owner", "description", "contact")


class ServiceForm(ServiceChangeForm):
    """A new service."""

    name = _name("export-manager")
    kind = forms.ChoiceField(
        choices=ServiceKind.choices,
        help_text="An integrator is a service of somebody outside.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        if not user.is_operator and not user.teams.filter(is_outside=False).exists():
            kind = self.fields["kind"]
            assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - for the type checker
            integrator = ServiceKind.INTEGRATOR
            kind.choices = [(integrator.value, integrator.label)]


KIND_HELP = {
    QueueKind.QUORUM: "Replicated and safe; workers share the events. Right nearly always.",
    QueueKind.ORDERED: "One event at a time, in order. A failing one holds up those behind it.",
    QueueKind.CLASSIC: "As the TypeScript bus declares it; for services that have not moved yet.",
}


class SubscriptionForm(ConsoleForm):
    """A new subscription."""

    service = forms.CharField(
        widget=forms.TextInput(
            attrs={
                "class": "input--code",
                "list": "service-names",
                "autocomplete": "off",
                "placeholder": "export-manager",
            }
        ),
        help_text="The service that will get the events.",
    )
    event_type = forms.CharField(
        label="Event type",
        widget=forms.TextInput(
            attrs={
                "class": "input--code",
                "list": "event-type-names",
                "autocomplete": "off",
                "placeholder": "exportRequested",
            }
        ),
        help_text="What it listens to.",
    )
    kind = forms.ChoiceField(
        choices=[(kind.value, kind.value.capitalize()) for kind in QueueKind],
        initial=QueueKind.QUORUM.value,
        widget=forms.RadioSelect,
    )
    retry_attempts = forms.IntegerField(
        label="Attempts",
        initial=10,
        min_value=1,
        max_value=1000,
        help_text="Deliveries to the handler before the event becomes a dead letter.",
    )
    retry_delays_ms = forms.TypedMultipleChoiceField(
        label="Wait between attempts",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text="The last one repeats.",
    )
    prefetch = forms.IntegerField(
        required=False, min_value=1, help_text="Events a worker holds at a time."
    )
    concurrency = forms.IntegerField(
        required=False, min_value=1, help_text="Events a worker handles at once."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        delays = self.fields["retry_delays_ms"]
        assert isinstance(delays, forms.TypedMultipleChoiceField)  # noqa: S101 - for the type checker
        ladder = settings.EVENTBUS_RETRY_DELAYS_MS
        delays.choices = [(str(delay), duration(delay)) for delay in ladder]
        delays.initial = [str(delay) for delay in ladder]


class SubscriptionChangeForm(SubscriptionForm):
    """How an existing subscription is worked on; its ends and kind are fixed."""

    service = None  # type: ignore[assignment]
    event_type = None  # type: ignore[assignment]
    kind = None  # type: ignore[assignment]

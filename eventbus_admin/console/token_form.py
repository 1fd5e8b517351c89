"""The form for a new token."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from eventbus_admin.accounts.models import TokenScope, User
from eventbus_admin.console.forms import ConsoleForm
from eventbus_admin.registry.models import Service
from eventbus_admin.registry.querysets import ServiceQuerySet
from eventbus_admin.registry.tokens import MAX_NAME

OFFERED_NAMES = 500
FOR_EVER = "never"
LIVES = (
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "A year"),
    (FOR_EVER, "Until it is revoked"),
)


def _end(life: str) -> datetime | None:
    return None if life == FOR_EVER else timezone.now() + timedelta(days=int(life))


class TokenForm(ConsoleForm):
    """What a token is for, whose it is, what it may do and until when."""

    name = forms.CharField(
        max_length=MAX_NAME,
        help_text="What will use it, like “Deployment of the exporters”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    service = forms.CharField(
        required=False,
        empty_value=None,
        help_text="Leave it empty for a token of your own. A service's token reads what is the "
        "service's own, and changes nothing.",
        widget=forms.TextInput(
            attrs={
                "class": "input--code",
                "list": "service-names",
                "autocomplete": "off",
                "spellcheck": "false",
            }
        ),
    )
    scopes = forms.MultipleChoiceField(
        label="What it may be used for",
        choices=TokenScope.choices,
        initial=[TokenScope.READ.value],
        widget=forms.CheckboxSelectMultiple,
        help_text="Never more than its owner may do.",
        error_messages={"required": "Choose at least one."},
    )
    expires = forms.TypedChoiceField(
        label="Valid for",
        choices=LIVES,
        coerce=_end,
        initial="90",
        widget=forms.RadioSelect,
        help_text="Then it lets nobody in any more.",
    )


def services_of(user: User) -> ServiceQuerySet:
    """Return the services for which this person may make tokens."""
    visible = Service.objects.visible_to(user)
    return visible if user.is_operator else visible.filter(owner__members=user)


def offered_services(user: User) -> Any:
    """Return their names, for a field that completes what one types."""
    return services_of(user).values_list("name", flat=True)[:OFFERED_NAMES]

"""What every action does around its change: insert under a name, compare, keep the trail."""

import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from django.db import IntegrityError, transaction

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.models import Team
from eventbus_admin.audit.recording import record
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.history import Thing, reference
from eventbus_admin.registry.models import EventType, Service
from eventbus_admin.registry.revision import bump_revision


class Unchanged(Enum):
    """Type of `UNCHANGED`, where `None` is a value of its own."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED
"""Leave this field as it is."""


def insert_named(thing: EventType | Service, what: str) -> None:
    """Insert a new row; of two that take one name at once, one gets `ActionError`."""
    try:
        with transaction.atomic():
            thing.save(force_insert=True)
    except IntegrityError as error:
        raise ActionError(
            "name_taken",
            f"{what} named {thing.name} exists. Choose another name or ask its team.",
            "name",
        ) from error


def given(value: Any, check: Callable[..., Any], *more: Any) -> Any:
    """Return the checked value, or leave `UNCHANGED` as it is."""
    return UNCHANGED if value is UNCHANGED else check(value, *more)


def assign(thing: Thing, **values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set the given fields and return those that differ, as they were and as they are."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for field, value in values.items():
        old, new = _plain(getattr(thing, field)), _plain(value)
        if value is UNCHANGED or _same(old, new):
            continue
        before[field], after[field] = old, new
        setattr(thing, field, value)
    return before, after


def snapshot(thing: Thing, *fields: str) -> dict[str, Any]:
    """Return these fields as the audit trail shows them."""
    return {field: _plain(getattr(thing, field)) for field in fields}


def keep(
    actor: Actor,
    verb: str,
    thing: Thing,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Write the audit entry and raise the registry's revision."""
    kind, name = reference(thing)
    record(actor=actor, verb=verb, object_kind=kind, object_name=name, before=before, after=after)
    bump_revision()


def _plain(value: Any) -> Any:
    if isinstance(value, Team):
        return value.name
    return str(value) if isinstance(value, Enum) else value


def _same(old: Any, new: Any) -> bool:
    # Python holds 1, 1.0 and True for equal; in an example payload they are not.
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)

"""Which rows of Drift are meant: those that the filters show, and those that a person chose."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import QueryDict

from eventbus_admin.reconcile.adoption import adoptable
from eventbus_admin.reconcile.models import BrokerObject
from eventbus_admin.reconcile.objects import step_id
from eventbus_admin.reconcile.stored_plan import differing, is_applicable

FILTERS = ("sync", "kind", "service", "q")
_FIELDS = {"sync": "sync", "kind": "kind", "service": "service_name"}


@dataclass(frozen=True)
class Row:
    """One object and what a person may do about it here."""

    object: BrokerObject
    id: str
    applicable: bool
    adoptable: bool

    @property
    def choosable(self) -> bool:
        """Whether there is anything to choose it for."""
        return self.applicable or self.adoptable


@dataclass(frozen=True)
class Choice:
    """What a form asks for: `apply` or `adopt`, and of which steps."""

    verb: str
    ids: tuple[str, ...] | None
    """Ids of steps; `None` stands for all that the filters show."""
    filters: Mapping[str, str]


def row_of(found: BrokerObject) -> Row:
    """Return an object with what may be done about it."""
    return Row(
        object=found,
        id=step_id(found.kind, found.name),
        applicable=is_applicable(found),
        adoptable=adoptable(found.kind, found),
    )


def narrowed(values: Mapping[str, str]) -> QuerySet[BrokerObject]:
    """Return the objects that filters show; what differs, unless a state is asked for."""
    found = BrokerObject.objects.all() if values.get("sync") else differing()
    for name, field in _FIELDS.items():
        if value := values.get(name):
            found = found.filter(**{field: value})
    if text := values.get("q", "").strip():
        found = found.filter(name__icontains=text)
    return found


def choice_of(sent: QueryDict) -> Choice:
    """Read what was pressed: a row's own button, or one for the chosen or for all shown."""
    filters = {name: str(sent[name]) for name in FILTERS if sent.get(name)}
    for verb in ("apply", "adopt"):
        if one := sent.get(f"{verb}_one"):
            return Choice(verb, (one,), {})
        if sent.get("do") == f"{verb}_all":
            return Choice(verb, None, filters)
    if service := sent.get("adopt_service"):
        return Choice("adopt", None, {"sync": "unmanaged", "service": service})
    verb = "adopt" if sent.get("do") == "adopt" else "apply"
    return Choice(verb, tuple(sent.getlist("step")), filters)


def rows_of(choice: Choice) -> list[Row]:
    """Return the rows that are meant and can be chosen for this, in the order of the list."""
    if choice.ids is None:
        found = narrowed(choice.filters)
    else:
        names = {one.partition(" ")[2] for one in choice.ids}
        found = differing().filter(name__in=names)
    rows = [row_of(one) for one in found.order_by("kind", "name")]
    wanted = None if choice.ids is None else set(choice.ids)
    return [
        row
        for row in rows
        if (wanted is None or row.id in wanted)
        and (row.applicable if choice.verb == "apply" else row.adoptable)
    ]

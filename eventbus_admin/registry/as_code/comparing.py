"""What differs between a document and the registry, as changes. Pure.

Values that the document does not give stay as they are. What cannot be done is a problem with its
place, so that a plan without problems can be carried out.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bus_core.topology import QueueKind
from eventbus_admin.registry.as_code.document import (
    NOWHERE,
    Document,
    DocumentRefused,
    Entry,
    Kind,
    Place,
    Problem,
    ends_of,
)
from eventbus_admin.registry.as_code.fields import ENDING, FIELDS, RETIRED
from eventbus_admin.registry.as_code.plan import Change, Verb
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.validation import valid_concurrency, valid_delays, valid_prefetch

Values = Mapping[str, Any]
PAIRS = (Kind.PUBLICATION, Kind.SUBSCRIPTION)
_UNDECIDED = ("requested", "declined")
_NOTHING = Entry({})


def compare(
    document: Document, stored: Document, *, ladder: Sequence[int], prune: bool = False
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return the changes that bring the registry to the document, and notes.

    `ladder` is the bus's retry delays in milliseconds, which a new subscription gets. With `prune`
    what the document leaves out is retired.

    Raises `DocumentRefused`.
    """
    return _Comparison(document, stored, ladder).all(prune=prune)


class _Comparison:
    def __init__(self, document: Document, stored: Document, ladder: Sequence[int]) -> None:
        self._document = document
        self._stored = stored
        self._ladder = list(ladder)
        self._changes: list[Change] = []
        self._notes: list[str] = []
        self._problems: list[Problem] = []

    def all(self, *, prune: bool) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        for kind in Kind:
            for name, entry in self._document.of(kind):
                self._refuse_unknown_ends(kind, name, entry)
                old = self._stored.get(kind, name)
                if old is None:
                    self._create(kind, name, entry)
                else:
                    self._change(kind, name, entry, old.values)
            if prune:
                self._prune(kind)
        self._refuse_listening_to_the_retired()
        if self._problems:
            raise DocumentRefused(self._problems)
        return tuple(self._changes), tuple(self._notes)

    # -- one thing --------------------------------------------------------------------------------

    def _create(self, kind: Kind, name: str, entry: Entry) -> None:
        fields = FIELDS[kind]
        values = {field: entry.values.get(field, fields[field].default) for field in fields}
        if "owner" in fields and values["owner"] is None:
            self._problem(entry.place, "This is new, so its team must be named: “owner: …”.")
            return
        if kind is Kind.SUBSCRIPTION:
            values["delays_ms"] = entry.values.get("delays_ms", self._ladder)
            self._check_subscription(entry, values, values)
        if kind in PAIRS and self._retired_already(name):
            if values["state"] == RETIRED:
                self._notes.append(f"There is no {kind} {name}, so there is nothing to retire.")
                return
            if kind is Kind.PUBLICATION:
                event_type, _ = ends_of(name)
                self._problem(entry.place, f"{event_type} is retired.")
        self._add(Verb.CREATE, kind, name, None, values, entry.place)

    def _change(self, kind: Kind, name: str, entry: Entry, old: Values) -> None:
        after = {
            field: value for field, value in entry.values.items() if not _same(old[field], value)
        }
        if not after or not self._possible(kind, name, entry, old, after):
            return
        ending = ENDING.get(kind, "")
        verb = Verb.RETIRE if after.get(ending) == RETIRED else Verb.CHANGE
        self._add(verb, kind, name, {field: old[field] for field in after}, after, entry.place)

    def _possible(self, kind: Kind, name: str, entry: Entry, old: Values, after: Values) -> bool:
        match kind:
            case Kind.SERVICE if "kind" in after:
                what = f"{name} is {_article(old['kind'])}, and a service keeps its kind."
                return self._problem(entry.place_of("kind"), what)
            case Kind.PUBLICATION | Kind.SUBSCRIPTION if old["state"] in _UNDECIDED:
                return self._decided(kind, entry, old, after)
            case Kind.PUBLICATION:
                return self._publication_possible(name, entry, after)
            case Kind.SUBSCRIPTION:
                return self._subscription_possible(entry, old, after)
        return True

    def _decided(self, kind: Kind, entry: Entry, old: Values, after: Values) -> bool:
        """Leave to people what people asked for; what was declined has ended as it is."""
        if old["state"] == "declined":
            if after.get("state") == RETIRED:
                return False
            if kind is Kind.PUBLICATION:
                return True
        return self._problem(
            entry.place,
            f"This was {old['state']}, and an operator decides about it on the page Integrators. "
            "Leave it out here.",
        )

    def _publication_possible(self, name: str, entry: Entry, after: Values) -> bool:
        event_type, _ = ends_of(name)
        if after["state"] != RETIRED and self._retired_already(name):
            return self._problem(entry.place, f"{event_type} is retired.")
        return True

    def _subscription_possible(self, entry: Entry, old: Values, after: Values) -> bool:
        if "kind" in after:
            return self._problem(
                entry.place_of("kind"),
                f"Its queue is {old['kind']}, and a queue keeps its kind. To have another one, "
                f"write {old['kind']} here and replace the queue on the subscription's page.",
            )
        if old["state"] == RETIRED and "state" not in after:
            return self._problem(
                entry.place,
                "It is retired, and only a live one can be changed. Give it the state active, or "
                "leave these out: " + ", ".join(after) + ".",
            )
        return self._check_subscription(entry, after, {**old, **after}, old["delays_ms"])

    def _check_subscription(
        self, entry: Entry, given: Values, whole: Values, in_use: Sequence[int] = ()
    ) -> bool:
        kind = QueueKind(whole["kind"])
        checks: Mapping[str, Callable[[], object]] = {
            "delays_ms": lambda: valid_delays(whole["delays_ms"], in_use),
            "prefetch": lambda: valid_prefetch(whole["prefetch"], kind),
            "concurrency": lambda: valid_concurrency(whole["concurrency"], kind),
        }
        fine = True
        for field, check in checks.items():
            if field in given:
                try:
                    check()
                except ActionError as error:
                    fine = self._problem(entry.place_of(field), error.message)
        return fine

    # -- all of them ------------------------------------------------------------------------------

    def _prune(self, kind: Kind) -> None:
        """Retire what the document leaves out; what waits for a decision is left to it."""
        left_out = [
            (name, entry)
            for name, entry in self._stored.of(kind)
            if self._document.get(kind, name) is None
        ]
        if kind not in ENDING:
            self._notes += [
                f"The {kind} {name} stays: a {kind} is not retired, only what belongs to it."
                for name, _ in left_out
            ]
            return
        field = ENDING[kind]
        for name, entry in left_out:
            state = entry.values[field]
            if state != RETIRED and not (kind in PAIRS and state in _UNDECIDED):
                self._add(Verb.RETIRE, kind, name, {field: state}, {field: RETIRED}, NOWHERE)

    def _refuse_unknown_ends(self, kind: Kind, name: str, entry: Entry) -> None:
        owner = entry.values.get("owner")
        if owner is not None and not self._known(Kind.TEAM, owner):
            self._problem(entry.place_of("owner"), _missing("team", owner))
        if kind in PAIRS and not self._known(Kind.EVENT_TYPE, ends_of(name)[0]):
            self._problem(entry.place, _missing("event type", ends_of(name)[0]))

    def _refuse_listening_to_the_retired(self) -> None:
        """A type retires once nobody listens; and whoever begins to must find it there."""
        moved = {(one.kind, one.name): one for one in self._changes}
        for name, state in self._final_states():
            event_type, service = ends_of(name)
            change = moved.get((Kind.EVENT_TYPE, event_type))
            retiring = change is not None and change.after.get("lifecycle") == RETIRED
            begins = (Kind.SUBSCRIPTION, name) in moved and self._retired(event_type)
            if state in {RETIRED, *_UNDECIDED} or not (retiring or begins):
                continue
            mine = self._document.get(Kind.SUBSCRIPTION, name)
            place = mine.place if mine else change.place if change else NOWHERE
            if self._document.get(Kind.EVENT_TYPE, event_type) is None and retiring:
                what = f"{event_type} is left out and would be retired"
                way_out = "Write the event type down, or retire the subscription."
            else:
                what = f"{event_type} is retired here"
                way_out = "Retire the subscription too, or keep the event type."
            self._problem(place, f"{what}, but {service} listens to it. {way_out}")

    def _final_states(self) -> Iterator[tuple[str, str]]:
        """Yield each subscription with the state that it will have."""
        states = {name: entry.values["state"] for name, entry in self._stored.of(Kind.SUBSCRIPTION)}
        for one in self._changes:
            if one.kind is Kind.SUBSCRIPTION and "state" in one.after:
                states[one.name] = one.after["state"]
        yield from sorted(states.items())

    # -- small things -----------------------------------------------------------------------------

    def _known(self, kind: Kind, name: str) -> bool:
        return any(one.get(kind, name) is not None for one in (self._document, self._stored))

    def _lifecycle(self, where: Document, event_type: str) -> Any:
        return (where.get(Kind.EVENT_TYPE, event_type) or _NOTHING).values.get("lifecycle")

    def _retired(self, event_type: str) -> bool:
        """Whether a type will be retired."""
        said = self._lifecycle(self._document, event_type)
        return bool((said or self._lifecycle(self._stored, event_type)) == RETIRED)

    def _retired_already(self, name: str) -> bool:
        """Whether a pair's type is retired and stays so; of a new one all can still be made."""
        event_type, _ = ends_of(name)
        stored = self._lifecycle(self._stored, event_type)
        return bool(stored == RETIRED) and self._retired(event_type)

    def _add(
        self, verb: Verb, kind: Kind, name: str, before: Values | None, after: Values, place: Place
    ) -> None:
        self._changes.append(Change(verb, kind, name, before, after, place))

    def _problem(self, place: Place, message: str) -> bool:
        self._problems.append(Problem(place, message))
        return False


def _same(old: Any, new: Any) -> bool:
    # Python holds 1, 1.0 and True for equal; in an example payload they are not.
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def _article(kind: str) -> str:
    return f"an {kind} one" if kind[0] in "aeiou" else f"a {kind} one"


def _missing(what: str, name: str) -> str:
    return f"There is no {what} {name}, neither here nor in the registry."

"""From text, or from JSON's values, to a document; everything that is wrong is said at once."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from eventbus_admin.registry.actions.teams import MAX_NAME
from eventbus_admin.registry.as_code.document import (
    VERSION,
    Document,
    DocumentRefused,
    Entry,
    Kind,
    Place,
    Problem,
    pair,
)
from eventbus_admin.registry.as_code.fields import FIELDS, WrongType
from eventbus_admin.registry.as_code.nodes import Node, from_value, parse
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.validation import valid_name, valid_text

SECTIONS: Mapping[str, Kind] = {
    "teams": Kind.TEAM,
    "event_types": Kind.EVENT_TYPE,
    "services": Kind.SERVICE,
}
PUBLISHES, SUBSCRIBES = "publishes", "subscribes"


def read(text: str) -> Document:
    """Return what a YAML text says; raises `DocumentRefused`."""
    return _Reader().document(parse(text))


def read_value(value: Any) -> Document:
    """Return what a JSON value says that is laid out as the YAML is; raises `DocumentRefused`."""
    return _Reader().document(from_value(value))


class _Reader:
    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._entries: dict[Kind, dict[str, Entry]] = {kind: {} for kind in Kind}

    def document(self, root: Node) -> Document:
        parts = self._mapping(root)
        self._refuse_unknown(parts, ("version", *SECTIONS))
        self._check_version(root, parts.get("version"))
        for name, kind in SECTIONS.items():
            for thing, node in self._mapping(parts.get(name)).items():
                if self._valid(node.place, partial(_check_name, kind, thing)):
                    self._thing(kind, thing, node)
        if self._problems:
            raise DocumentRefused(self._problems)
        return Document(self._entries)

    def _check_version(self, root: Node, node: Node | None) -> None:
        if node is None:
            self._problem(root.place, f"Say the format's version: “version: {VERSION}”.")
        elif type(node.value) is not int or node.value != VERSION:
            self._problem(node.place, f"This version is not known here; {VERSION} is.")

    def _thing(self, kind: Kind, name: str, node: Node) -> None:
        given = self._mapping(node)
        nested = (PUBLISHES, SUBSCRIBES) if kind is Kind.SERVICE else ()
        self._entry(kind, name, node.place, given, nested)
        if nested:
            self._pairs(name, given)

    def _pairs(self, service: str, given: Mapping[str, Node]) -> None:
        """Read what a service publishes, each a state, and what it listens to."""
        for event_type, node in self._mapping(given.get(PUBLISHES)).items():
            if self._valid(node.place, partial(valid_name, event_type, "event type")):
                values = {"state": node} if node.value is not None else {}
                self._entry(Kind.PUBLICATION, pair(event_type, service), node.place, values)
        for event_type, node in self._mapping(given.get(SUBSCRIBES)).items():
            if self._valid(node.place, partial(valid_name, event_type, "event type")):
                name = pair(event_type, service)
                self._entry(Kind.SUBSCRIPTION, name, node.place, self._mapping(node))

    def _entry(
        self,
        kind: Kind,
        name: str,
        place: Place,
        given: Mapping[str, Node],
        nested: tuple[str, ...] = (),
    ) -> None:
        fields = FIELDS[kind]
        self._refuse_unknown(given, (*fields, *nested))
        values: dict[str, Any] = {}
        for field, node in given.items():
            if field in fields:
                for value in self._value(node, fields[field].read):
                    values[field] = value
        places = {field: node.place for field, node in given.items()}
        self._entries[kind][name] = Entry(values, place, places)

    def _value(self, node: Node, read: Callable[[Node], Any]) -> Iterator[Any]:
        """Yield the value, or nothing when it is wrong."""
        try:
            yield read(node)
        except WrongType as error:
            self._problem(node.place, str(error))
        except ActionError as error:
            self._problem(node.place, error.message)

    def _valid(self, place: Place, check: Callable[[], object]) -> bool:
        try:
            check()
        except ActionError as error:
            self._problem(place, error.message)
            return False
        return True

    def _mapping(self, node: Node | None) -> Mapping[str, Node]:
        """Return nodes by key; what is left empty has none."""
        if node is None or node.value is None:
            return {}
        if isinstance(node.value, Mapping):
            return node.value
        self._problem(node.place, "This must be a mapping: names, each with a colon behind it.")
        return {}

    def _refuse_unknown(self, given: Mapping[str, Node], known: tuple[str, ...]) -> None:
        for name, node in given.items():
            if name not in known:
                self._problem(node.place, f"There is no such key. Known: {', '.join(known)}.")

    def _problem(self, place: Place, message: str) -> None:
        self._problems.append(Problem(place, message))


def _check_name(kind: Kind, name: str) -> None:
    match kind:
        case Kind.TEAM:
            if not 1 <= len(name) <= MAX_NAME or valid_text(name, "name") != name:
                raise ActionError(
                    "invalid_name",
                    f"A team's name has 1 to {MAX_NAME} characters and no space around them.",
                )
        case Kind.EVENT_TYPE:
            valid_name(name, "event type")
        case _:
            valid_name(name, "service name")

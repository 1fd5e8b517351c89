"""From a document to YAML's text and to JSON's values: always the same for the same registry."""

from collections.abc import Mapping
from typing import Any

import yaml

from eventbus_admin.registry.as_code.document import VERSION, Document, Entry, Kind, ends_of
from eventbus_admin.registry.as_code.fields import FIELDS, PublicationSaid, SubscriptionSaid
from eventbus_admin.registry.as_code.reading import PUBLISHES, SECTIONS, SUBSCRIBES

HEADER = """\
# What the registry of the event bus says: teams, event types, services, what each service publishes
# and what it listens to. It holds no secrets and no people.
#
#   manage.py registry import FILE --plan     shows what this file would change
#   manage.py registry import FILE --apply    changes it, all or nothing
#
# What is left out here stays as it is, unless the import is told to --prune.
"""

_SAID: Mapping[Kind, frozenset[str]] = {
    Kind.PUBLICATION: frozenset(PublicationSaid),
    Kind.SUBSCRIPTION: frozenset(SubscriptionSaid),
}


def as_values(document: Document) -> dict[str, Any]:
    """Return the document as JSON's values, laid out as its YAML is."""
    values: dict[str, Any] = {"version": VERSION}
    for section, kind in SECTIONS.items():
        values[section] = {name: _written(kind, entry) for name, entry in document.of(kind)}
    for name, entry in document.of(Kind.PUBLICATION):
        if entry.values["state"] in _SAID[Kind.PUBLICATION]:
            event_type, service = ends_of(name)
            values["services"][service].setdefault(PUBLISHES, {})[event_type] = entry.values[
                "state"
            ]
    for name, entry in document.of(Kind.SUBSCRIPTION):
        if entry.values["state"] in _SAID[Kind.SUBSCRIPTION]:
            event_type, service = ends_of(name)
            written = _written(Kind.SUBSCRIPTION, entry)
            values["services"][service].setdefault(SUBSCRIBES, {})[event_type] = written
    return values


def as_yaml(document: Document) -> str:
    """Return the document as YAML, things in the order of their names."""
    values = as_values(document)
    parts = [HEADER, *(dumped({key: value}) for key, value in values.items())]
    return "\n".join(parts)


def dumped(value: Any) -> str:
    """Return a value as YAML."""
    # No line is folded: one word more would move all the others.
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=10**9,
    )
    return text


def _written(kind: Kind, entry: Entry) -> dict[str, Any]:
    return {
        name: entry.values[name]
        for name, field in FIELDS[kind].items()
        if field.always or entry.values[name] != field.default
    }


class _Dumper(yaml.SafeDumper):
    """YAML without references, several lines as several lines, and short lists on one."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Write everything out."""
        return True

    def text(self, text: str) -> yaml.Node:
        """Write a text."""
        # A block cannot begin with a space.
        style = "|" if "\n" in text and not text[0].isspace() else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def row(self, values: list[Any]) -> yaml.Node:
        """Write a list; one of numbers is short."""
        flow = bool(values) and all(type(one) is int for one in values)
        return self.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=flow)


_Dumper.add_representer(str, _Dumper.text)
_Dumper.add_representer(list, _Dumper.row)

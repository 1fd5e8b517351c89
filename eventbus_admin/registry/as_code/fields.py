"""What is said about each kind of thing in a document, and what each value may be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bus_core.topology import QueueKind
from eventbus_admin.registry.as_code.document import Kind
from eventbus_admin.registry.as_code.nodes import Node
from eventbus_admin.registry.states import Lifecycle, ServiceKind
from eventbus_admin.registry.validation import (
    valid_attempts,
    valid_choice,
    valid_contact,
    valid_example,
    valid_text,
)

RETIRED: Final = "retired"
ENDING: Mapping[Kind, str] = {
    Kind.EVENT_TYPE: "lifecycle",
    Kind.PUBLICATION: "state",
    Kind.SUBSCRIPTION: "state",
}
"""Which value says that a thing is retired; teams and services never are."""


class PublicationSaid(StrEnum):
    """States that a document speaks of; what waits for a decision is not its affair."""

    ACTIVE = "active"
    RETIRED = "retired"


class SubscriptionSaid(StrEnum):
    """States that a document speaks of."""

    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"


class WrongType(Exception):
    """The value is of another kind; the text says of which it should be."""


@dataclass(frozen=True)
class Field:
    """One value of a thing."""

    read: Callable[[Node], Any]
    """Returns the value; raises `WrongType` or an `ActionError`."""
    default: Any = None
    """Of a new thing of which the document does not say it."""
    always: bool = False
    """Whether an export says it even when it is the default."""


def _text(name: str) -> Callable[[Node], str]:
    return lambda node: valid_text(_string(node), name)


def _string(node: Node) -> str:
    if not isinstance(node.value, str):
        raise WrongType("This must be text; put it into quotes.")
    return node.value


def _whole(node: Node) -> int:
    if type(node.value) is not int:
        raise WrongType("This must be a whole number.")
    return node.value


def _whole_or_nothing(node: Node) -> int | None:
    return None if node.value is None else _whole(node)


def _wholes(node: Node) -> list[int]:
    if not isinstance(node.value, tuple):
        raise WrongType("This must be a list of whole numbers.")
    return [_whole(one) for one in node.value]


def _yes_or_no(node: Node) -> bool:
    if not isinstance(node.value, bool):
        raise WrongType("This must be true or false.")
    return node.value


def _choice(options: type[StrEnum], name: str) -> Callable[[Node], str]:
    return lambda node: str(valid_choice(options, _string(node), name))


_CONTACT = Field(lambda node: valid_contact(_string(node)), "")
_DESCRIPTION = Field(_text("description"), "")
_OWNER = Field(_string, always=True)

FIELDS: Mapping[Kind, Mapping[str, Field]] = {
    Kind.TEAM: {"description": _DESCRIPTION, "contact": _CONTACT},
    Kind.EVENT_TYPE: {
        "owner": _OWNER,
        "lifecycle": Field(_choice(Lifecycle, "lifecycle"), "active", always=True),
        "description": _DESCRIPTION,
        "private": Field(_yes_or_no, default=False),
        "example": Field(lambda node: valid_example(node.plain)),
    },
    Kind.SERVICE: {
        "owner": _OWNER,
        "kind": Field(_choice(ServiceKind, "kind"), "internal", always=True),
        "contact": _CONTACT,
        "description": _DESCRIPTION,
    },
    Kind.PUBLICATION: {"state": Field(_choice(PublicationSaid, "state"), "active", always=True)},
    Kind.SUBSCRIPTION: {
        "state": Field(_choice(SubscriptionSaid, "state"), "active", always=True),
        "kind": Field(_choice(QueueKind, "kind"), "quorum", always=True),
        "attempts": Field(lambda node: valid_attempts(_whole(node)), 10, always=True),
        "delays_ms": Field(_wholes, always=True),
        "prefetch": Field(_whole_or_nothing),
        "concurrency": Field(_whole_or_nothing),
    },
}

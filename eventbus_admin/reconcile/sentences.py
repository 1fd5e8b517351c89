"""What a difference means, in sentences that say what to do. Pure."""

from collections.abc import Callable, Mapping, Sequence

from bus_core.rights import service_of_user
from bus_core.topology import OwnName, parse_name
from eventbus_admin.reconcile.objects import ObjectKind, Properties

OTHER_BROKER = "Another broker answers by now than the one that was looked at."

_MISSING_EXCHANGES: Mapping[str, Callable[[OwnName], str]] = {
    "event": lambda own: f"{own.event_type} cannot be published until its exchange is made.",
    "service": lambda own: (
        f"Retries and test events have no way into {own.service}'s queues until it is made."
    ),
    "dead": lambda own: f"What {own.service} gives up has no way out until it is made.",
    "retry": lambda own: f"{own.service} cannot retry after {_delay(own)} until it is made.",
    "bus": lambda _own: "Workers cannot report until it is made.",
}
_MISSING_QUEUES: Mapping[str, Callable[[OwnName], str]] = {
    "consumer": lambda own: f"{own.service} gets no {own.event_type} until its queue is made.",
    "dead": lambda own: f"What {own.service} gives up has no place to wait until it is made.",
    "retry": lambda own: f"{own.service} cannot retry after {_delay(own)} until it is made.",
    "control": lambda own: (
        f"{own.service}'s workers hear nothing of pauses and retry rules until it is made."
    ),
}
_UNMANAGED_EXCHANGES: Mapping[str, Callable[[OwnName], str]] = {
    "event": lambda own: (
        f"The registry knows no event type {own.event_type}. Adopt it, or delete the exchange when "
        "nobody uses it any more."
    ),
    "service": lambda own: _unknown_service(own, "exchange"),
    "dead": lambda own: _unknown_service(own, "exchange"),
    "retry": lambda own: (
        f"No subscription of {own.service} retries after {_delay(own)}. Delete the exchange once "
        "its queue is empty."
    ),
}
_UNMANAGED_QUEUES: Mapping[str, Callable[[OwnName], str]] = {
    "consumer": lambda own: (
        f"{own.service} has no live subscription to {own.event_type}, yet events collect here. "
        "Adopt it, or delete the queue."
    ),
    "dead": lambda own: _unknown_service(own, "queue"),
    "control": lambda own: _unknown_service(own, "queue"),
    "retry": lambda own: (
        f"No subscription of {own.service} retries after {_delay(own)}; the queue empties by "
        "itself. Delete it when it is empty."
    ),
    "swap": lambda own: (
        f"A replacement of {own.service}'s queue for {own.event_type} left this behind, and no "
        "operation knows of it. Move its messages to quarantine, and restore them from there."
    ),
    "quarantine": lambda own: (
        f"It keeps what {own.source} held, and nobody here knows of it. Remove it when nobody "
        "misses its messages."
    ),
}


def missing(kind: ObjectKind, should: Properties, name: str) -> str:
    """Say what does not work while an object is missing."""
    own = parse_name(name) or OwnName(role="")
    match kind:
        case ObjectKind.POLICY:
            return "Subscription queues have the broker's own limits until the policy is made."
        case ObjectKind.BINDING:
            return _missing_binding(should)
        case ObjectKind.EXCHANGE:
            return _MISSING_EXCHANGES[own.role](own)
        case ObjectKind.QUEUE:
            return _MISSING_QUEUES[own.role](own)
        case ObjectKind.USER:
            return f"{_whose(name)} cannot sign in as {name} until the user is made."
        case ObjectKind.PERMISSION:
            return f"{_whose(name)} may do nothing as {name} until its rights are given."


def differs(name: str, should: Properties, found: Properties) -> str:
    """Say how something that can be changed differs."""
    return f"{name} differs: {_differences(should, found)}. Apply to change it back."


def blocked(kind: ObjectKind, name: str, should: Properties, found: Properties) -> str:
    """Say how something that cannot be changed differs, and what the choices are."""
    differences = _differences(should, found)
    if kind is ObjectKind.QUEUE:
        return (
            f"{name} differs in what is fixed when a queue is made: {differences}. It is used as "
            "it is. To change it, replace the queue."
        )
    return (
        f"{name} differs in what is fixed when an exchange is made: {differences}. Nothing was "
        "touched. To change it, delete the exchange at a quiet moment and apply."
    )


def revoked(name: str) -> str:
    """Say of a user that its credentials were revoked and it is still there."""
    return (
        f"These credentials of {_whose(name)} were revoked, and whoever has them can still sign "
        "in. Apply to take the user away."
    )


def unseen(name: str, *, wanted: bool) -> str:
    """Say of a user or its rights that we may not look at them."""
    what = "is made" if wanted else "is gone, as it should be,"
    return (
        f"Whether {name} {what} cannot be told: RabbitMQ lets only administrators manage users. "
        "Give the user in EVENTBUS_MANAGEMENT_URL the tag administrator."
    )


def unmanaged(kind: ObjectKind, name: str, found: Properties) -> str:
    """Say what it is that the registry does not know, and what the choices are."""
    if kind is ObjectKind.BINDING:
        return _unmanaged_binding(found)
    if kind is ObjectKind.USER:
        return (
            f"The registry never issued these credentials of {_whose(name)}, and whoever has them "
            "can sign in. Remove the user if nobody should."
        )
    own = parse_name(name) or OwnName(role="")
    by_role = _UNMANAGED_QUEUES if kind is ObjectKind.QUEUE else _UNMANAGED_EXCHANGES
    say = by_role.get(own.role)
    return say(own) if say else f"The registry does not know this {kind}."


def since_then(reason: str) -> str:
    """Add to a reason that the object was in order before."""
    return f"{reason} It was in order before and was changed on the broker. Apply to restore it."


def failed(reason: str, error: str) -> str:
    """Add to a reason that making it was tried in vain."""
    return f"{reason} Making it failed: {error}"


def held_back(reason: str) -> str:
    """Add to a reason that the policy keeps it from being mended."""
    return (
        f"{reason.removesuffix(' Apply to change it back.')} Held back: this installation only "
        "creates what is missing (EVENTBUS_APPLY is create)."
    )


def refused(changes: Sequence[str]) -> str:
    """Say why a run was refused."""
    more = f" So have {len(changes) - 1:,} more." if len(changes) > 1 else ""
    return f"Nothing was touched. {changes[0]}{more} Look at the plan again, then ask anew."


def not_wanted_any_more(name: str) -> str:
    """Say that the registry does not ask for an object any more."""
    return f"{name} has changed: the registry does not ask for it any more."


def wanted_otherwise(name: str, then: Properties | None, now: Properties | None) -> str:
    """Say that the registry asks for something else by now."""
    if then is None or now is None:
        what = "does not ask for it any more" if now is None else "asks for it by now"
        return f"{name} has changed: the registry {what}."
    return f"{name} has changed: the registry asks for something else by now ({_moved(then, now)})."


def found_otherwise(name: str, then: Properties | None, now: Properties | None) -> str:
    """Say that an object on the broker is not as it was."""
    if then is None:
        return f"{name} has changed: it was missing, and somebody made it."
    if now is None:
        return f"{name} has changed: somebody deleted it on the broker."
    return f"{name} has changed on the broker: {_moved(then, now)}."


def cannot_be_done_any_more(name: str, reason: str) -> str:
    """Say that a step is none any more."""
    return f"{name} has changed. {reason}"


def _whose(user: str) -> str:
    return service_of_user(user) or "Nobody"


def _missing_binding(should: Properties) -> str:
    source = parse_name(should["source"]) or OwnName(role="")
    own = parse_name(should["destination"]) or OwnName(role="")
    if source.role == "event":
        return f"{source.event_type} does not reach {own.service} and is lost to it until bound."
    if own.role == "consumer":
        return f"Retries of {own.event_type} do not find back to {own.service} until bound."
    return f"{should['source']} leads nowhere until bound."


def _unmanaged_binding(found: Properties) -> str:
    source, destination = found["source"], found["destination"]
    what = f"the {found['destination_kind']} {destination}"
    own = parse_name(source)
    if own is not None and own.role == "event":
        return (
            f"{own.event_type} also goes to {what}, of which the registry knows nothing. Find out "
            "who reads it; remove the binding if nobody should."
        )
    return (
        f"{source} also feeds {what}, of which the registry knows nothing. Remove the binding if "
        "that is not wanted."
    )


def _unknown_service(own: OwnName, kind: str) -> str:
    return (
        f"The registry knows no service {own.service}. Adopt it, or delete the {kind} when nobody "
        "uses it any more."
    )


def _differences(should: Properties, found: Properties) -> str:
    return ", ".join(
        f"{key} should be {_value(mine)}, is {_value(theirs)}"
        for key, mine, theirs in _differing(should, found)
    )


def _moved(then: Properties, now: Properties) -> str:
    return ", ".join(
        f"{key} was {_value(old)}, is {_value(new)}" for key, old, new in _differing(then, now)
    )


def _differing(should: Properties, found: Properties) -> list[tuple[str, object, object]]:
    pairs = [
        (key, should.get(key), found.get(key))
        for key in should
        if key not in {"arguments", "definition"}
    ]
    for nested in ("arguments", "definition"):
        mine, theirs = should.get(nested, {}), found.get(nested, {})
        pairs += [(key, mine.get(key), theirs.get(key)) for key in sorted({*mine, *theirs})]
    return [one for one in pairs if one[1] != one[2]]


def _value(value: object) -> str:
    if value is None:
        return "absent"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _delay(own: OwnName) -> str:
    milliseconds = own.delay_ms or 0
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds} ms"

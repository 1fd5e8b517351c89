"""What a service may do with its credentials, in plain words."""

from collections.abc import Sequence

from eventbus_admin.registry.models import Service


def may_publish(event_type: str) -> str:
    """Say what an approved publication allows."""
    return f"Publish {event_type} events. Every service that listens to them gets a copy."


def may_listen(event_type: str) -> str:
    """Say what an approved subscription allows."""
    return (
        f"Get its own copy of every {event_type} event from then on, in a queue of its own, with "
        "all that it holds."
    )


def abilities(publishes: Sequence[str], listens: Sequence[str]) -> list[str]:
    """Say what all of this allows, a sentence each."""
    return [*map(may_publish, publishes), *map(may_listen, listens)]


def limits(service: Service) -> str:
    """Say what no credentials of such a service allow."""
    if not service.declares:
        return (
            "It can declare, bind and delete nothing, and cannot read or write what belongs to "
            "other services. It can see the names of their queues and how many events wait there."
        )
    return (
        "It can declare and delete its own queues, and bind them to what it listens to. It cannot "
        "read or write what belongs to other services."
    )

"""The code that a developer pastes to use what they look at."""

import json
from typing import Any


def subscriber(event_type: str, service: str, *, declares: bool = True) -> str:
    """Return the code of a worker that handles this event type."""
    return f"""from bus_core import connect

{_connect(service, declares)}


@bus.subscribe("{event_type}")
def handle(event):
    print(event.payload)


bus.run()
"""


def service(name: str, publishes: list[str], listens: list[str], *, declares: bool = True) -> str:
    """Return the code of a service that listens and publishes what it may."""
    imports = "Event, connect" if publishes else "connect"
    lines = [f"from bus_core import {imports}", "", _connect(name, declares)]
    answer = f'bus.publish(Event("{publishes[0]}", {{}}))' if publishes else "..."
    if not listens:
        return "\n".join(
            [*lines, answer if publishes else "# What it listens to appears here.", ""]
        )
    for event_type in listens[:3]:
        handler = "".join(part if part.isalnum() else "_" for part in event_type)
        lines += ["", "", f'@bus.subscribe("{event_type}")', f"def on_{handler}(event):"]
        lines.append(f"    {answer}")
    return "\n".join([*lines, "", "", "bus.run()", ""])


def publisher(event_type: str, service_name: str, example: Any = None) -> str:
    """Return the code that publishes one event of this type."""
    return f"""from bus_core import Event, connect

bus = connect("amqp://…", service="{service_name}")
bus.publish(Event("{event_type}", {_literal(example or {})}))
"""


def _connect(name: str, declares: bool) -> str:
    options = "" if declares else ", declare=False"
    return f'bus = connect("amqp://…", service="{name}"{options})'


def _literal(value: Any, indent: str = "") -> str:
    """Write a JSON value in Python, an object's members on lines of their own."""
    inner = f"{indent}    "
    if isinstance(value, dict) and value:
        lines = (
            f"{inner}{_literal(key)}: {_literal(item, inner)},\n" for key, item in value.items()
        )
        return "{\n" + "".join(lines) + indent + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item, indent) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def publish_command(event_type: str = "exportRequested") -> str:
    """Return the shell command that publishes one event of this type."""
    return f'bus-core publish {event_type} \'{{"hello": "world"}}\''

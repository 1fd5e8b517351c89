"""The wheel: holds `bus_core` and nothing else, needs two packages, and works by itself."""

import sys

import pytest

from tests.harness.vhosts import Vhost
from tests.packaging.conftest import ROOT, Installed, run

SERVICE = """
import sys
import threading

import bus_core
from bus_core import Event, RetryPolicy, connect

assert "site-packages" in bus_core.__file__
bus, again, came = connect(sys.argv[1], service="meca-exporter"), [], threading.Event()

@bus.subscribe("exportRequested", retry=RetryPolicy(delays_ms=(20,)))
def export(event):
    again.append(event.payload)
    if len(again) < 2:
        raise ValueError("the archive is busy")
    bus.publish(Event("exportSuccessful", event.payload))

@bus.subscribe("exportSuccessful")
def count(event):
    came.set()

with bus:
    bus.start(wait=20)
    bus.publish_many([Event("exportRequested", {"journal": "elife"})])
    assert came.wait(20)
print("handled", again)
"""

TYPED = """
from bus_core import Event, EventBus, Reject, RetryPolicy, connect


def make_bus(url: str) -> EventBus:
    bus = connect(url, service="meca-exporter")

    @bus.subscribe("exportRequested", retry=RetryPolicy(attempts=3))
    def export(event: Event) -> None:
        if event.payload is None:
            raise Reject("no payload")
        bus.publish(Event("exportSuccessful", event.payload), timeout=5)

    export(Event("exportRequested"))
    return bus


number: int = make_bus("memory://").service
"""


def test_it_holds_the_library_and_its_licence(installed: Installed) -> None:
    checkout = {str(path.relative_to(ROOT)) for path in ROOT.glob("bus_core/**/*.py")}
    folder = f"{'-'.join(installed.wheel.name.split('-')[:2])}.dist-info"
    about = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert sorted(installed.files) == sorted(
        checkout | {"bus_core/py.typed"} | {f"{folder}/{name}" for name in about}
    )


@pytest.mark.parametrize("name", ["django", "pytest", "eventbus_admin", "examples", "requests"])
def test_nothing_else_is_installed(installed: Installed, name: str) -> None:
    said = installed.run("python", "-c", f"import {name}", status=1)
    assert f"No module named '{name}'" in said


def test_it_publishes_and_consumes_without_a_broker(installed: Installed) -> None:
    said = installed.run("python", "-c", SERVICE, "memory://")
    assert "handled [{'journal': 'elife'}, {'journal': 'elife'}]" in said


def test_it_publishes_and_consumes_on_rabbitmq(installed: Installed, rabbit: Vhost) -> None:
    said = installed.run("python", "-c", SERVICE, rabbit.amqp_url)
    assert "handled [{'journal': 'elife'}, {'journal': 'elife'}]" in said


def test_its_command_says_what_it_can_do(installed: Installed) -> None:
    said = installed.run("bus-core", "--help")
    for command in ("worker", "publish", "tail"):
        assert command in said


def test_its_tests_say_that_they_need_pytest(installed: Installed) -> None:
    for module in ("bus_core.testing", "bus_core.testing.fixtures"):
        said = installed.run("python", "-c", f"import {module}", status=1)
        last = said.strip().splitlines()[-1]
        assert last == (
            "ModuleNotFoundError: bus_core.testing needs pytest: pip install bus-core[testing]"
        )


def test_programs_that_use_it_are_checked_by_its_types(installed: Installed) -> None:
    program = installed.folder / "typed.py"
    program.write_text(TYPED)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", installed.python]
    said = run([*mypy, program], installed.folder, status=1)
    # The mistake in the last line is found, so the types are seen; and no other is.
    assert 'expression has type "str", variable has type "int"' in said
    assert "Found 1 error in 1 file" in said

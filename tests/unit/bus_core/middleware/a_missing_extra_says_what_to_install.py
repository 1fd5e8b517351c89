"""Middleware whose extra is not installed."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [("metrics", "prometheus_client", "metrics"), ("tracing", "opentelemetry", "tracing")],
)
def test_importing_it_says_what_to_install(module: str, package: str, extra: str) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; import bus_core.middleware.{module}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: bus_core.middleware.{module} needs ")
    assert last.endswith(f"pip install 'bus-core[{extra}]'")


def test_the_library_needs_neither_of_them_nor_django() -> None:
    program = """if True:
        import sys
        for missing in ("prometheus_client", "opentelemetry", "django", "asgiref"):
            sys.modules[missing] = None
        from bus_core import Event, connect
        from bus_core.middleware.logs import Logs
        handled = []
        with connect("memory://", service="meca-exporter", middleware=[Logs()]) as bus:
            @bus.subscribe("asked")
            async def handle(event):
                handled.append(event.payload)
            bus.start(wait=10)
            bus.publish(Event("asked", 1))
        print(handled)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("[1]\n", "")

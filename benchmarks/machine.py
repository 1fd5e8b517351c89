"""What a run ran on."""

import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("pika", "orjson", "aio-pika", "faststream", "kombu")


def machine() -> str:
    """Return cores, processor and memory."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3
    return f"{cores} cores of {_processor()}, {memory:.0f} GB, {platform.system()}"


def versions(broker: str) -> str:
    """Return the broker's version, Python's, and those of the libraries."""
    own = f"RabbitMQ {broker}, Python {platform.python_version()}"
    found = [own]
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return ", ".join(found)


def load() -> str:
    """Return how many processes wanted to run during the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()

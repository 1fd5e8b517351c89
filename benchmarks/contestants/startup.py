"""How long a fresh interpreter takes to import a library, and then to have an event confirmed.

`bus_core` imports pika when it connects, so its second figure includes that.
"""

import subprocess
import sys

from benchmarks.job import EVENT_TYPE, EXCHANGE, PUBLISHER, Figures, Job

OURS = f"""
import sys, time
begin = time.perf_counter()
from bus_core import Event, connect
imported = time.perf_counter()
with connect(sys.argv[1], service={PUBLISHER!r}) as bus:
    bus.publish(Event({EVENT_TYPE!r}, {{}}))
    print(imported - begin, time.perf_counter() - imported)
"""

PIKA = f"""
import sys, time
begin = time.perf_counter()
import pika
imported = time.perf_counter()
with pika.BlockingConnection(pika.URLParameters(sys.argv[1])) as connection:
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish({EXCHANGE!r}, "", b"{{}}", pika.BasicProperties(delivery_mode=2))
    print(imported - begin, time.perf_counter() - imported)
"""


def ours(job: Job) -> Figures:
    """Import, `connect` and `publish`."""
    return _run(OURS, job.url)


def pika(job: Job) -> Figures:
    """Import, `BlockingConnection`, a channel with confirms, `basic_publish`."""
    return _run(PIKA, job.url)


def _run(program: str, url: str) -> Figures:
    ended = subprocess.run(
        [sys.executable, "-c", program, url],
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    imported, published = (1000 * float(word) for word in ended.stdout.split())
    return {"events": 1, "import": imported, "first": published, "both": imported + published}

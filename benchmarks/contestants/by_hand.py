"""The management API by hand: what the reconciler cannot do without, and nothing else."""

import time
from statistics import median

from benchmarks.crowd import (
    CROWDED_VHOST,
    Management,
    definitions,
    topology,
    vhost_of_its_own,
)
from benchmarks.job import Figures, Job

VHOST = "bench-by-hand"
TIMES = 5


def first_apply(job: Job) -> Figures:
    """Import all objects with one call."""
    body = definitions(topology(job.events))
    with vhost_of_its_own(job.management_url, VHOST) as management:
        began = time.perf_counter()
        management.call("POST", f"definitions/{VHOST}", body)
        return {"seconds": time.perf_counter() - began}


def compare(job: Job) -> Figures:
    """Read the lists that a look needs, one after the other, and look at none of them."""
    management = Management(job.management_url)
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        for where in (
            "overview",
            f"queues/{CROWDED_VHOST}?disable_stats=true&enable_queue_totals=true",
            f"bindings/{CROWDED_VHOST}",
            f"exchanges/{CROWDED_VHOST}?disable_stats=true",
            f"policies/{CROWDED_VHOST}",
            f"consumers/{CROWDED_VHOST}",
            "users",
            f"vhosts/{CROWDED_VHOST}/permissions",
        ):
            management.call("GET", where)
        took.append(1000 * (time.perf_counter() - began))
    management.close()
    return {"ms": median(took)}

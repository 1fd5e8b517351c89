"""Leads when it may and keeps the broker as the registry asks, until SIGTERM.

It is the part of `manage.py worker` that the broker's objects are about, with a lease of its own
length. The environment says where database and broker are.

Usage: python -m tests.harness.programs.reconciler LEASE_SECONDS
"""

import signal
import sys
import threading
from typing import Any

import django

RENEW_AFTER = 4.0
"""The lease is renewed so many times within its length."""


def main(seconds: str) -> None:
    """Reconcile until SIGTERM."""
    django.setup()
    from eventbus_admin.broker.factory import current_broker
    from eventbus_admin.reconcile import lease
    from eventbus_admin.reconcile.loop import Reconciler

    lease.RENEW_SECONDS = float(seconds) / RENEW_AFTER
    stop = threading.Event()

    def end(*_signal: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    leadership = lease.Leadership(seconds=float(seconds))
    reconciler = Reconciler(broker=current_broker(), leadership=leadership)
    threads = [
        threading.Thread(target=leadership.run, args=(stop,)),
        threading.Thread(target=reconciler.run, args=(stop,)),
    ]
    for thread in threads:
        thread.start()
    print("running", flush=True)
    for thread in threads:
        thread.join()
    print("ended", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

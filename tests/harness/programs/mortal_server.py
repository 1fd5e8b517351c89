"""`manage.py serve` that is killed, as by `kill -9`, when it comes to a certain point.

Usage: python -m tests.harness.programs.mortal_server written|confirmed

`written`: dead letters are committed and not acknowledged. `confirmed`: the broker has confirmed
what was sent again, and it is not marked.
"""

import os
import signal
import sys
from typing import Any

import django
from django.core.management import call_command


def die(*_: Any, **__: Any) -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(point: str) -> None:
    """Serve until that point."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eventbus_admin.settings")
    django.setup()
    from eventbus_admin.deadletters import sending
    from eventbus_admin.deadletters.sources import Sources

    if point == "written":
        Sources.written = die  # type: ignore[method-assign]
    else:
        sending.mark_sent = die
    call_command("serve")


if __name__ == "__main__":
    main(*sys.argv[1:])

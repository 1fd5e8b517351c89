"""Where the services find their broker when no argument says so."""

import os
from pathlib import Path

VARIABLE = "EVENTBUS_AMQP_URL"
HELP = f"or set {VARIABLE}, or {VARIABLE}_FILE to a file that holds it"


def broker_url() -> str:
    """Return the URL from the environment or from the file that it names, or a local broker's."""
    if path := os.environ.get(f"{VARIABLE}_FILE"):
        return Path(path).read_text("utf-8").strip()
    return os.environ.get(VARIABLE, "amqp://localhost")

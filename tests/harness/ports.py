"""Free ports on loopback."""

import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_given: set[int] = set()


def free_port() -> int:
    """A port that nothing listens on and that this process has not been given before.

    It lies below the range from which the kernel takes the ports of outgoing connections. A client
    that keeps on connecting to a dead server's port inside that range ends up connected to itself,
    and the server can never come back on its port.
    """
    ceiling = _first_ephemeral_port()
    for _ in range(1000):
        port = random.randrange(max(1024, ceiling - 12_000), ceiling)
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise RuntimeError("no free port on loopback")


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _first_ephemeral_port() -> int:
    try:
        first = int(_EPHEMERAL_RANGE.read_text().split()[0])
    except OSError:
        first = 32_768
    # A machine may hand out nearly all ports; then there is no safe range and any will do.
    return first if first > 2048 else 60_000

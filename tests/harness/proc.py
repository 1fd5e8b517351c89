"""A look at the machine's processes and listening sockets, through /proc."""

from collections.abc import Iterator
from pathlib import Path

_LISTEN = "0A"
_LOOPBACK = ("0100007F", "00000000000000000000000001000000")


def processes_mentioning(text: str) -> list[str]:
    """Every process that has this in its command line or its environment, as "pid command"."""
    return [
        f"{folder.name} {_read(folder / 'cmdline').replace(chr(0), ' ')}"
        for folder in Path("/proc").iterdir()
        if folder.name.isdecimal()
        and (text in _read(folder / "cmdline") or text in _read(folder / "environ"))
    ]


def ports_open_to_others(pid: int) -> list[int]:
    """The TCP ports on which a process listens beyond loopback."""
    sockets = _sockets_of(pid)
    return [
        port
        for address, port, inode in _listening(pid)
        if inode in sockets and address not in _LOOPBACK
    ]


def ports_of(pid: int) -> list[int]:
    """The TCP ports on which a process listens."""
    sockets = _sockets_of(pid)
    return [port for _, port, inode in _listening(pid) if inode in sockets]


def _sockets_of(pid: int) -> set[str]:
    links = (_link(fd) for fd in Path(f"/proc/{pid}/fd").iterdir())
    return {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}


def _link(fd: Path) -> str:
    """Where an open file leads; nowhere if it was closed a moment ago."""
    try:
        return str(fd.readlink())
    except FileNotFoundError:
        return ""


def _listening(pid: int) -> Iterator[tuple[str, int, str]]:
    for table in ("tcp", "tcp6"):
        for line in _read(Path(f"/proc/{pid}/net/{table}")).splitlines()[1:]:
            fields = line.split()
            address, _, port = fields[1].partition(":")
            if fields[3] == _LISTEN:
                yield address, int(port, 16), fields[9]


def _read(path: Path) -> str:
    """What a file in /proc says; nothing if its process has just ended or is not ours to see."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""

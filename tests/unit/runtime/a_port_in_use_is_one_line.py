"""A second server says at once, in one line, that the port is in use."""

import socket
from collections.abc import Callable
from pathlib import Path

from tests.harness.process import ManagedProcess


def test_the_line_names_another_port(
    manage: Callable[..., ManagedProcess], port: int, tmp_path: Path
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()

        process = manage("serve")

        assert process.wait(timeout=60) == 1
    line = process.output.strip()
    assert "\n" not in line
    assert f"Port {port} on 127.0.0.1 is in use" in line
    assert f"PORT={port + 1}" in line
    assert not (tmp_path / "var" / "eventbus.sqlite3").exists()


def test_an_address_of_another_machine_is_one_line(
    manage: Callable[..., ManagedProcess],
) -> None:
    process = manage("serve", HOST="192.0.2.1")

    assert process.wait(timeout=60) == 1
    line = process.output.strip()
    assert "\n" not in line
    assert "Cannot listen on 192.0.2.1" in line


def test_a_database_that_is_away_is_one_line(manage: Callable[..., ManagedProcess]) -> None:
    process = manage("serve", DATABASE_URL="postgres://nobody:secret@127.0.0.1:1/nothing")

    assert process.wait(timeout=60) == 1
    line = process.output.strip()
    assert "\n" not in line
    assert "The database cannot be used" in line
    assert "secret" not in line

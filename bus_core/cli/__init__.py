"""The `bus-core` command, one module for each of its commands. The library never imports it."""

from bus_core.cli.command import main

__all__ = ["main"]

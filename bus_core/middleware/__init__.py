"""Middleware: the class to inherit from, how a bus runs it, and some to use.

Each of `logs`, `metrics` and `tracing` stands alone; the latter two need an extra. Nothing here may
be needed by a bus without middleware.
"""

from bus_core.middleware.base import Attempt, Middleware, Outcome, Publication

__all__ = ["Attempt", "Middleware", "Outcome", "Publication"]

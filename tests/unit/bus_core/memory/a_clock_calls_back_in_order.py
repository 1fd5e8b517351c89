"""Clocks: one that stands still until it is moved, and the system's."""

import queue
import time

from bus_core.memory import ManualClock, SystemClock


def test_a_manual_clock_runs_what_is_due_in_order() -> None:
    clock, ran = ManualClock(), []
    clock.call_later(2, lambda: ran.append("second"))
    clock.call_later(1, lambda: ran.append("first"))
    clock.call_later(1, lambda: ran.append("first too"))
    clock.call_later(9, lambda: ran.append("later"))
    assert ran == []
    clock.advance(2)
    assert ran == ["first", "first too", "second"]


def test_what_is_planned_on_the_way_runs_too_if_it_falls_due() -> None:
    clock, ran = ManualClock(), []

    def again() -> None:
        ran.append(len(ran))
        clock.call_later(1, again)

    clock.call_later(1, again)
    clock.advance(3.5)
    assert ran == [0, 1, 2]
    clock.advance(0.5)
    assert ran == [0, 1, 2, 3]


def test_it_may_be_moved_just_to_what_is_due_next() -> None:
    clock, ran = ManualClock(), []
    clock.advance_to_next()
    clock.call_later(1.5, lambda: ran.append("first"))
    clock.call_later(60, lambda: ran.append("second"))
    clock.advance_to_next()
    assert ran == ["first"]
    clock.advance(58.4)
    assert ran == ["first"]
    clock.advance_to_next()
    assert ran == ["first", "second"]


def test_the_system_clock_calls_back_in_time_and_in_order() -> None:
    clock, ran, began = SystemClock(), queue.Queue(), time.monotonic()
    clock.call_later(0.05, lambda: ran.put("second"))
    clock.call_later(0.01, lambda: ran.put("first"))
    assert (ran.get(timeout=10), ran.get(timeout=10)) == ("first", "second")
    assert time.monotonic() - began >= 0.05
    clock.call_later(0.01, lambda: ran.put("after a rest"))
    assert ran.get(timeout=10) == "after a rest"

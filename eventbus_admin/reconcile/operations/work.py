"""`Work`: what carries one operation forward, a turn at a time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from django.utils import timezone

from bus_core.copies import same
from bus_core.link import Link
from bus_core.message import Message
from bus_core.moving import Mover
from bus_core.topology import Binding
from eventbus_admin.broker.interface import Broker
from eventbus_admin.reconcile.operations.looks import Look, as_rows, from_rows
from eventbus_admin.reconcile.operations.models import Operation

State = Operation.State
Phase = Callable[[Look], str]
"""Does what one phase asks for and returns the phase that comes next, itself to stay."""


@dataclass(frozen=True, kw_only=True)
class Hands:
    """What operations reach the broker with."""

    broker: Broker
    link: Link
    clock: Callable[[], float] = time.monotonic


class Work:
    """One operation in the hands of this process.

    The row's phase is stored before anything of it is done, and every phase looks first how far
    an earlier one has got: what a killed process has left is taken up where it lies.
    """

    first: ClassVar[str]

    def __init__(self, operation: Operation, hands: Hands) -> None:
        self.operation = operation
        self.name = operation.name
        self.hands = hands
        self.effects: list[Callable[[], None]] = []
        """What is to be written together with the row, under the leader's fence."""
        self._mover: Mover | None = None
        self._moved_before = self._again_before = 0
        self._quiet_since: float | None = None

    @property
    def phases(self) -> Mapping[str, Phase]:
        """What each phase does."""
        raise NotImplementedError

    def turn_back(self, look: Look) -> str:
        """Return the phase that takes back what was done; empty when it is too late for that."""
        raise NotImplementedError

    def give_up(self) -> None:
        """Undo what was written when it was asked for: it is taken back before it began."""

    def watch(self, look: Look) -> None:
        """Do what has to go on while it is paused."""

    def turn(self, look: Look) -> None:
        """Do what is next."""
        operation = self.operation
        if operation.state == State.PAUSED:
            self.rest()
            self.watch(look)
            return
        if operation.state == State.CANCELLING and not operation.memory.get("back"):
            self._turn_back(look)
            return
        if operation.state == State.QUEUED:
            operation.state, operation.started = State.RUNNING, timezone.now()
            self._enter(self.first)
            return
        following = self.phases[operation.phase](look)
        if following != operation.phase and not operation.ended:
            self._enter(following)

    def rest(self) -> None:
        """Let nothing move any more."""
        self._quiet_since = None
        mover, self._mover = self._mover, None
        if mover is not None:
            mover.close()
            self._count(mover)

    # -- for the phases --

    def finish(self, sentence: str, state: State = State.DONE) -> str:
        """End it well, or otherwise."""
        self.rest()
        operation = self.operation
        if state is State.DONE and operation.memory.get("back"):
            state = State.ROLLED_BACK
        operation.state, operation.sentence = state, sentence
        operation.finished, operation.waiting = timezone.now(), 0
        return operation.phase

    def fail(self, sentence: str) -> str:
        """End it because it cannot be done."""
        return self.finish(sentence, State.FAILED)

    def say(self, sentence: str) -> None:
        """Tell where it is, and what it waits for."""
        self.operation.sentence = sentence

    def move(self, source: str, target: str, copy: Callable[[Message], Message] = same) -> None:
        """See to it that messages go from one queue to another."""
        if self._mover is not None and self._mover.source != source:
            self.rest()
        if self._mover is None:
            self._moved_before = self.operation.moved
            self._again_before = self.operation.again
            self._mover = Mover(self.hands.link, source, target, copy=copy)
            self._mover.start()
        self._mover.go_on()
        self._count(self._mover)

    @property
    def trouble(self) -> str:
        """Why nothing moves, as a sentence; empty when all is well."""
        error = self._mover.error if self._mover else ""
        return f" The broker does not take them: {error}." if error else ""

    @property
    def moves(self) -> bool:
        """Whether messages are being moved, or may be."""
        return self._mover is not None

    def waits_in(self, queue: str, look: Look) -> tuple[int, int, int] | None:
        """Return a queue's ready messages, those in the hands of others, and their consumers.

        `None` when it is gone. The first number is right at this moment; the second may be late
        by the broker's `counts_lag`.
        """
        found = self.hands.link.look(queue)
        if found is None:
            return None
        held = look.queues[queue].unacked if queue in look.queues else 0
        ours = self._mover.on_the_way if self._mover and self._mover.source == queue else 0
        consumers = found.consumers - bool(self._mover and self._mover.source == queue)
        self.operation.waiting = found.waiting + max(held, ours)
        return found.waiting, max(held, ours), max(0, consumers)

    def is_quiet(self, queue: str, look: Look, waiting: int, held: int) -> bool:
        """Whether a queue has been empty for longer than its counts may be late."""
        there = look.queues.get(queue)
        now = self.hands.clock()
        if waiting or held or there is None or not there.in_service:
            self._quiet_since = None
            return False
        if self._quiet_since is None:
            self._quiet_since = now
        return now - self._quiet_since >= self.hands.broker.counts_lag

    def remember(self, bindings: tuple[Binding, ...]) -> None:
        """Keep bindings that are about to be ended, beside those that were before."""
        memory = self.operation.memory
        known = {*from_rows(memory.get("bindings", ())), *bindings}
        memory["bindings"] = as_rows(sorted(known))

    @property
    def remembered(self) -> tuple[Binding, ...]:
        """The bindings that were kept in memory."""
        return from_rows(self.operation.memory.get("bindings", ()))

    def keep_apart(self, look: Look) -> None:
        """End the queue's bindings, which a worker that lives may make again at any time."""
        self.remember(tuple(one for one in look.seen.bindings if one.queue == self.name))
        self.hands.link.rebind((), look.possible(self.remembered))

    # -- inside --

    def _turn_back(self, look: Look) -> None:
        operation = self.operation
        if not operation.phase:
            operation.memory["back"] = True
            self.give_up()
            self.finish("Taken back before anything was done.")
        elif phase := self.turn_back(look):
            self.rest()
            operation.memory["back"] = True
            self._enter(phase)
        elif not operation.ended:
            operation.state = State.RUNNING
            self.say("It was too late to take it back: it is being finished.")

    def _enter(self, phase: str) -> None:
        self._quiet_since = None
        self.operation.phase, self.operation.phase_since = phase, timezone.now()

    def _count(self, mover: Mover) -> None:
        self.operation.moved = self._moved_before + mover.moved
        self.operation.again = self._again_before + mover.again

"""Replacing a subscription's queue whose arguments cannot be changed, while events flow.

For the meantime a second queue takes the events. Order is not kept. What happens in each phase,
and what can be taken back, stands in `docs/operations-queues.md`.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from bus_core.errors import PreconditionFailed
from bus_core.topology import Binding, Queue, parse_name, swap_queue
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.reconcile.operations.kinds import set_kind
from eventbus_admin.reconcile.operations.looks import Look
from eventbus_admin.reconcile.operations.models import Operation
from eventbus_admin.reconcile.operations.words import in_hands, messages
from eventbus_admin.reconcile.operations.work import Hands, Phase, Work

NOTICE_SECONDS = 3.0
"""So long a quorum queue is away before another takes its name.

RabbitMQ moves a consumer that has not noticed to the successor without a word, and then delivers
nothing to it any more, for good: it takes the successor's messages for those it has seen (3.10).
"""
HELP_AFTER = 10.0
"""So many seconds workers have to empty their queue by themselves."""


class Swap(Work):
    """Replaces the queue of one subscription."""

    first: ClassVar[str] = "prepare"

    def __init__(self, operation: Operation, hands: Hands) -> None:
        super().__init__(operation, hands)
        own = parse_name(operation.name)
        if own is None or own.event_type is None or own.service is None:
            raise ValueError(f"{operation.name} is no queue of a subscription")
        self._meantime = swap_queue(own.event_type, own.service)
        self._draining_since: float | None = None
        self._gone_since: float | None = None

    @property
    def phases(self) -> Mapping[str, Phase]:
        """What each phase does."""
        return {
            "prepare": self._prepare,
            "divert": self._divert,
            "drain": self._drain,
            "replace": self._replace,
            "make": self._make,
            "connect": self._connect,
            "bring_back": self._bring_back,
            "tidy": self._tidy,
        }

    def turn_back(self, look: Look) -> str:
        """Go back to the old queue, as long as it is there."""
        early = self.operation.phase in {"prepare", "divert", "drain", "replace"}
        if not early or look.as_wanted(self.name) or self.name not in look.queues:
            return ""
        self.give_up()
        return "connect"

    def give_up(self) -> None:
        """Say in the registry again what kind the queue is."""
        if before := self.operation.option("from_kind"):
            self.effects.append(partial(set_kind, SYSTEM, self.name, before))

    def watch(self, look: Look) -> None:
        """Keep events from the old queue also while paused: they would come twice."""
        if self.operation.phase == "drain":
            self.keep_apart(look)

    # -- phases --

    def _prepare(self, look: Look) -> str:
        if look.wanted_queue(self.name) is None:
            return self.fail("The registry does not ask for this queue any more; it is left as is.")
        if self.name not in look.queues:
            return self.fail("The queue is gone. Apply the plan, which makes it as it should be.")
        if look.as_wanted(self.name):
            return self.finish("It is as the registry says already; nothing was done.")
        self.remember(look.bindings_of(self.name))
        self.hands.broker.declare_queue(self._meantime)
        self.say(f"{self._meantime.name} is made, where events wait in the meantime.")
        return "divert"

    def _divert(self, look: Look) -> str:
        own = look.possible(self.remembered)
        # The event exchange comes first by its name: it is bound last and left first, because
        # what is routed while both queues are bound comes twice.
        self.hands.link.rebind(self._to_meantime(own[::-1]), own)
        self.say(f"Its events go to {self._meantime.name} now.")
        return "drain"

    def _drain(self, look: Look) -> str:
        if self._meantime.name not in look.queues:
            return "prepare"
        self.keep_apart(look)
        found = self.waits_in(self.name, look)
        if found is None:
            return "replace"
        waiting, held, consumers = found
        if self._draining_since is None:
            self._draining_since = self.hands.clock()
        late = self.hands.clock() - self._draining_since > HELP_AFTER
        if self.moves or (waiting and (late or not consumers)):
            self.move(self.name, self._meantime.name)
            self.say(
                f"{messages(waiting)} in the old queue; they are moved to {self._meantime.name}, "
                f"and {in_hands(held)}.{self.trouble}"
            )
        elif waiting or held:
            self.say(f"Its workers empty it: {messages(waiting)}, and {in_hands(held)}.")
        else:
            self.say("It is empty. If nothing comes for some seconds, it is replaced.")
        if not self.is_quiet(self.name, look, waiting, held):
            return "drain"
        self.rest()
        return "replace"

    def _replace(self, look: Look) -> str:
        self._draining_since = None
        wanted = look.wanted_queue(self.name)
        if look.as_wanted(self.name):
            return "connect"
        if wanted is None:
            self.operation.state = Operation.State.CANCELLING
            self.say("The registry does not ask for this queue any more: it is taken back.")
            return "replace"
        old = look.queues.get(self.name)
        if old is not None and old.type == wanted.arguments.get("x-queue-type") == "quorum":
            return "make" if self.hands.link.delete_queue(self.name) else "drain"
        return self._put_in_place(wanted)

    def _make(self, look: Look) -> str:
        wanted = look.wanted_queue(self.name)
        if look.as_wanted(self.name) or wanted is None:
            return "connect"
        if self.name in look.queues:
            return self._faster()
        now = self.hands.clock()
        if self._gone_since is None:
            self._gone_since = now
        self.say("The old queue is deleted. The new one is made once all workers have noticed.")
        if now - self._gone_since < NOTICE_SECONDS:
            return "make"
        self._gone_since = None
        return self._put_in_place(wanted)

    def _connect(self, look: Look) -> str:
        wanted = look.wanted_queue(self.name)
        if self.name not in look.queues:
            if wanted is None:
                return self.fail(f"The queue is gone. Its events are in {self._meantime.name}.")
            self.hands.broker.declare_queue(wanted)
        self.remember(look.bindings_of(self.name))
        own = look.possible(self.remembered)
        self.hands.link.rebind(own[::-1], self._to_meantime(own))
        self.say("Its events go to the queue itself again.")
        return "bring_back"

    def _bring_back(self, look: Look) -> str:
        found = self.waits_in(self._meantime.name, look)
        if found is None:
            return "tidy"
        waiting, held, _consumers = found
        if waiting or self.moves:
            self.move(self._meantime.name, self.name)
        self.say(f"{messages(waiting)} to be brought back to the queue.{self.trouble}")
        if not self.is_quiet(self._meantime.name, look, waiting, held):
            return "bring_back"
        self.rest()
        return "tidy"

    def _tidy(self, look: Look) -> str:
        if not self.hands.link.delete_queue(self._meantime.name):
            return "bring_back"
        if self.operation.memory.get("back"):
            return self.finish("Taken back: the old queue is in use, and nothing was lost.")
        if not look.as_wanted(self.name):
            return self.fail("Somebody changed the queue meanwhile. Its events are all in it.")
        return self.finish("Replaced: the queue is as the registry says, and nothing was lost.")

    # -- inside --

    def _put_in_place(self, wanted: Queue) -> str:
        """Delete what is there, if anything is, and make the new queue at one go."""
        try:
            replaced = self.hands.link.delete_queue(self.name, successor=wanted)
        except PreconditionFailed:
            return self._faster()
        return "connect" if replaced else "drain"

    def _faster(self) -> str:
        self.say("A worker was faster and made the old queue again; once more.")
        return "drain"

    def _to_meantime(self, bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
        return tuple(
            Binding(source=one.source, queue=self._meantime.name, routing_key=one.routing_key)
            for one in bindings
        )

"""Removing a queue: nothing reaches it any more, it is proven empty, and then it is deleted."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from bus_core.copies import same, same_letter
from bus_core.message import Message
from bus_core.topology import parse_name
from eventbus_admin.broker.errors import BrokerConflict
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.operations import quarantines
from eventbus_admin.reconcile.operations.looks import Look
from eventbus_admin.reconcile.operations.models import Operation
from eventbus_admin.reconcile.operations.targets import target_of
from eventbus_admin.reconcile.operations.words import counted, in_hands, messages
from eventbus_admin.reconcile.operations.work import Phase, Work

KEEP, QUARANTINE, DISCARD = "keep", "quarantine", "discard"
"""What becomes of a queue's messages: it is not deleted with any, they are moved, they are lost."""


class QueueRemoval(Work):
    """Removes one queue that the registry does not ask for."""

    first: ClassVar[str] = "prepare"

    @property
    def phases(self) -> Mapping[str, Phase]:
        """What each phase does."""
        return {
            "prepare": self._prepare,
            "unbind": self._unbind,
            "empty": self._empty,
            "delete": self._delete,
            "verify": self._verify,
            "put_back": self._put_back,
        }

    def turn_back(self, look: Look) -> str:
        """Put everything back, as long as the queue is there."""
        early = self.operation.phase in {"prepare", "unbind", "empty", "delete"}
        return "put_back" if early and self.name in look.queues else ""

    def give_up(self) -> None:
        """Forget the quarantine that was to be."""
        if self._quarantine:
            self.effects.append(partial(quarantines.forget, self._quarantine))

    # -- phases --

    def _prepare(self, look: Look) -> str:
        if look.wanted_queue(self.name) is not None:
            self._settle_quarantine()
            return self.fail("The registry asks for this queue by now. Nothing was removed.")
        if self.name not in look.queues:
            return self._end("It was gone already.")
        self.remember(tuple(one for one in look.seen.bindings if one.queue == self.name))
        if self._quarantine:
            self.hands.broker.declare_queue(quarantines.queue_of(self.operation))
        self.say("What leads into the queue is known.")
        return "unbind"

    def _unbind(self, look: Look) -> str:
        self.keep_apart(look)
        self.say("Nothing leads into the queue any more.")
        return "delete" if self._messages == DISCARD or self._is_stream(look) else "empty"

    def _empty(self, look: Look) -> str:
        if self._wanted_again(look):
            return "empty"
        self.keep_apart(look)
        found = self.waits_in(self.name, look)
        if found is None:
            return "verify"
        waiting, held, consumers = found
        if consumers and not self.operation.option("named"):
            self.rest()
            self.say(
                f"It has {counted(consumers, 'consumer')} by now, and its name was not typed. Stop "
                "what consumes it; or take this back and ask again with the name typed."
            )
            return "empty"
        self._treat(waiting, held)
        if not self.is_quiet(self.name, look, waiting, held):
            return "empty"
        self.rest()
        return "delete"

    def _delete(self, look: Look) -> str:
        if self._wanted_again(look):
            return "delete"
        memory = self.operation.memory
        if self._messages == DISCARD and not self._is_stream(look):
            found = self.waits_in(self.name, look)
            # Counted before it is done; should this process end here, it is not counted anew.
            memory["lost"] = max(memory.get("lost", 0), found[0] if found else 0)
        if self._messages == DISCARD or self._is_stream(look):
            self.hands.broker.delete_queue(self.name)
        elif not self.hands.link.delete_queue(self.name):
            return "empty"
        self.say("The queue is deleted.")
        return "verify"

    def _verify(self, look: Look) -> str:
        if self.name not in look.queues:
            lost = self.operation.memory.get("lost", 0)
            gone = f", and {counted(lost, 'message')} with it" if lost else ""
            return self._end(f"Removed{gone}.")
        self._settle_quarantine()
        return self.fail(
            "It was deleted and is there again: somebody made it anew, perhaps a worker that "
            "still runs. Stop it, then remove the queue again."
        )

    def _put_back(self, look: Look) -> str:
        self.hands.link.rebind(look.possible(self.remembered), ())
        if self._quarantine:
            found = self.waits_in(self._quarantine, look)
            if found is not None:
                waiting, held, _consumers = found
                if waiting or self.moves:
                    self.move(self._quarantine, self.name, self._copy)
                self.say(f"{messages(waiting)} to be brought back to the queue.{self.trouble}")
                if not self.is_quiet(self._quarantine, look, waiting, held):
                    return "put_back"
                self.rest()
                if not self.hands.link.delete_queue(self._quarantine):
                    return "put_back"
            self.effects.append(partial(quarantines.end, self._quarantine, "taken_back"))
        return self.finish("Taken back: the queue is as it was.")

    # -- inside --

    @property
    def _messages(self) -> str:
        return str(self.operation.option("messages") or KEEP)

    @property
    def _quarantine(self) -> str:
        return str(self.operation.option("quarantine") or "")

    def _copy(self, message: Message) -> Message:
        own = parse_name(self.name)
        return (same_letter if own is not None and own.role == "dead" else same)(message)

    def _treat(self, waiting: int, held: int) -> None:
        if self._quarantine and (waiting or self.moves):
            self.move(self.name, self._quarantine, self._copy)
            self.say(
                f"{messages(waiting)} to be moved to quarantine, and {in_hands(held)}."
                f"{self.trouble}"
            )
        elif waiting or held:
            self.say(
                f"{messages(waiting)}, and {in_hands(held)}. It is deleted once it is empty; take "
                "this back if that should not be waited for."
            )
        else:
            self.say("It is empty. If nothing comes for some seconds, it is deleted.")

    def _is_stream(self, look: Look) -> bool:
        found = look.queues.get(self.name)
        return found is not None and found.type == "stream"

    def _wanted_again(self, look: Look) -> bool:
        if look.wanted_queue(self.name) is None:
            return False
        self.operation.state = Operation.State.CANCELLING
        self.say("The registry asks for this queue by now: everything is put back.")
        return True

    def _end(self, sentence: str) -> str:
        outcome = str(self.operation.option("outcome") or "discarded")
        self.effects.append(partial(quarantines.end, self.name, outcome))
        self._settle_quarantine()
        return self.finish(sentence)

    def _settle_quarantine(self) -> None:
        """Keep the quarantine for its time, or take it away when nothing came into it."""
        if not self._quarantine:
            return
        found = self.hands.link.look(self._quarantine)
        if found is not None and found.waiting:
            self.effects.append(partial(quarantines.keep, self._quarantine, found.waiting))
        elif self.hands.link.delete_queue(self._quarantine):
            self.effects.append(partial(quarantines.forget, self._quarantine))


class ObjectRemoval(Work):
    """Removes an exchange, a binding or a policy that the registry does not ask for."""

    first: ClassVar[str] = "delete"

    @property
    def phases(self) -> Mapping[str, Phase]:
        """What each phase does."""
        return {"delete": self._delete, "verify": self._verify}

    def turn_back(self, look: Look) -> str:  # noqa: ARG002 - it is done in a moment
        """Say that it is too late."""
        return ""

    def _delete(self, look: Look) -> str:
        if (ObjectKind(self.operation.object_kind), self.name) in look.wanted_keys:
            return self.fail("The registry asks for it by now. Nothing was removed.")
        try:
            target_of(self.operation).delete(self.hands.broker)
        except BrokerConflict as error:
            return self.fail(f"It stays: {error} Remove what is bound to it first.")
        return "verify"

    def _verify(self, look: Look) -> str:
        if target_of(self.operation).is_in(look):
            return self.fail("It was deleted and is there again: somebody made it anew.")
        return self.finish("Removed.")

"""Bringing what a quarantine keeps back into a queue.

Messages go to the queue itself, not by the service's door: if it is deleted meanwhile, the door
would make dead letters of them, while so they stay in quarantine.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar

from bus_core.copies import another_chance, same, same_letter
from bus_core.message import Message
from bus_core.topology import parse_name
from eventbus_admin.reconcile.operations import quarantines
from eventbus_admin.reconcile.operations.looks import Look
from eventbus_admin.reconcile.operations.words import counted, messages
from eventbus_admin.reconcile.operations.work import Phase, Work


class Restore(Work):
    """Restores one quarantine."""

    first: ClassVar[str] = "bring_back"

    @property
    def phases(self) -> Mapping[str, Phase]:
        """What each phase does."""
        return {"bring_back": self._bring_back, "tidy": self._tidy, "stop": self._stop}

    def turn_back(self, look: Look) -> str:  # noqa: ARG002 - what is restored may be handled by now
        """Stop where it is."""
        return "stop" if self.operation.phase == "bring_back" else ""

    def _bring_back(self, look: Look) -> str:
        if self.hands.link.look(self._to) is None:
            self.rest()
            self.say(f"There is no queue {self._to} on the broker. It waits until there is.")
            return "bring_back"
        found = self.waits_in(self.name, look)
        if found is None:
            return "tidy"
        waiting, held, _consumers = found
        if waiting or self.moves:
            self.move(self.name, self._to, self._copy)
        self.say(f"{messages(waiting)} to be brought to {self._to}.{self.trouble}")
        if not self.is_quiet(self.name, look, waiting, held):
            return "bring_back"
        self.rest()
        return "tidy"

    def _tidy(self, look: Look) -> str:  # noqa: ARG002
        if not self.hands.link.delete_queue(self.name):
            return "bring_back"
        self.effects.append(partial(quarantines.end, self.name, "restored"))
        return self.finish(f"Restored: {counted(self.operation.moved, 'message')} to {self._to}.")

    def _stop(self, look: Look) -> str:  # noqa: ARG002
        return self.finish(
            f"Stopped. {counted(self.operation.moved, 'message')} went to {self._to} and stay "
            "there; the rest is still in quarantine."
        )

    @property
    def _to(self) -> str:
        return str(self.operation.option("to"))

    @property
    def _copy(self) -> Callable[[Message], Message]:
        own, to = parse_name(self.name), parse_name(self._to)
        if not (own and own.source and own.source.startswith("dead__")):
            return same
        # A dead letter among events is to be handled anew.
        return another_chance if to and to.role == "consumer" else same_letter

"""Dead letters for whoever looks after them: what each one is, holding them, acting on them.

Above the link, so that it works on any broker; nothing here prints or knows a database.
"""

from bus_core.dead_letters.acting import Tally, discard, retry
from bus_core.dead_letters.letter import DeadLetter, describe
from bus_core.dead_letters.selecting import Cause, Selection, causes
from bus_core.dead_letters.sending import open_targets, send_again
from bus_core.dead_letters.waiting import HeldDeadLetters

__all__ = [
    "Cause",
    "DeadLetter",
    "HeldDeadLetters",
    "Selection",
    "Tally",
    "causes",
    "describe",
    "discard",
    "open_targets",
    "retry",
    "send_again",
]

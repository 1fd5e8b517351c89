"""What goes wrong with the broker's management, as a few errors whose text says what to do.

None of them ever holds a password.
"""


class BrokerError(Exception):
    """Base of all errors here; its text is a sentence for people."""


class BrokerUnavailable(BrokerError):
    """The broker does not answer, or something else answers in its place; it may come back."""


class BrokerAbsent(BrokerUnavailable):
    """Nobody answers at the address: asking again soon is a burden to nobody."""


class BrokerFailed(BrokerUnavailable):
    """The broker answers that it failed at what it was asked; it may succeed at other things."""


class BrokerRefused(BrokerError):
    """The broker answers and refuses us: wrong login, missing rights, unknown virtual host."""


class BrokerConflict(BrokerError):
    """The broker cannot do it as things stand: the object differs, or something it needs is gone.

    Looking again and making a new plan is the way out.
    """


class NotTold(BrokerError):
    """The broker tells nobody of changes; looking now and then is all that can be done."""

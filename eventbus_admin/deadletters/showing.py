"""What of a dead letter a viewer is shown."""

from collections.abc import Iterable

from eventbus_admin.deadletters.models import Cause, DeadLetter
from eventbus_admin.journal.sight import Sight, error_name


def is_shown(letter: DeadLetter, sight: Sight) -> bool:
    """Whether body, headers and error are shown."""
    return sight.shows(letter.event_type, letter.seen_as)


def without_hidden_texts(causes: Iterable[Cause], sight: Sight) -> list[Cause]:
    """Return the causes, not to be saved; of an error that is hidden only its name is left."""
    found = list(causes)
    for cause in found:
        if not sight.shows(cause.event_type):
            cause.text = error_name(cause.text)
    return found


def hide_cause(letter: DeadLetter, sight: Sight) -> DeadLetter:
    """Return the dead letter, not to be saved, with its cause as it may be shown."""
    if not is_shown(letter, sight):
        letter.cause.text = error_name(letter.cause.text)
    return letter

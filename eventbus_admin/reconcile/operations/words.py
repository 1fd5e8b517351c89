"""Numbers in sentences."""


def messages(count: int) -> str:
    """Say how many messages wait."""
    return f"{count:,} message{' waits' if count == 1 else 's wait'}"


def counted(count: int, noun: str) -> str:
    """Say a number of things."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def in_hands(count: int) -> str:
    """Say how many messages somebody works on."""
    if not count:
        return "none is in anybody's hands"
    return f"{count:,} {'is' if count == 1 else 'are'} in the hands of workers"

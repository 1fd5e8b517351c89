"""What this app raises on purpose, besides accounts' `NotAllowed`."""


class ActionError(Exception):
    """What was asked for cannot be done; nothing was changed.

    `code` is for programs and stays as it is, `message` is a sentence that says what to do,
    `field` names the input that is wrong, when it is one.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field

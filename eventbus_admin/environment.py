"""Reading settings from the environment; a wrong value ends with one line that says what to do."""

import os
import secrets
from itertools import pairwise
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    """Return the variable, or the content of the file that `<name>_FILE` names, or the default.

    Raises `ImproperlyConfigured` when the file cannot be read.
    """
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
            ) from error
    return os.environ.get(name, default)


def choice(name: str, options: tuple[str, ...], default: str) -> str:
    """Return the variable, which must be one of `options`."""
    value = text(name, default) or default
    if value not in options:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(options)}.")
    return value


def number(name: str, default: int) -> int:
    """Return the variable as a whole number of at least 1."""
    value = text(name) or str(default)
    if not value.isdecimal() or int(value) < 1:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number, 1 or more.")
    return int(value)


def rising_numbers(name: str, default: tuple[int, ...], *, most: int) -> tuple[int, ...]:
    """Return the variable as whole numbers from 1 to `most`, each larger than the one before."""
    written = words(name, tuple(map(str, default)))
    numbers = tuple(int(word) if word.isdecimal() else 0 for word in written)
    if any(low >= high for low, high in pairwise((0, *numbers, most + 1))):
        raise ImproperlyConfigured(
            f"{name} is {','.join(written)!r}; write rising whole numbers from 1 to {most}, "
            "separated by commas."
        )
    return numbers


def flag(name: str, *, default: bool = False) -> bool:
    """Return the variable as yes or no."""
    value = text(name).lower()
    if value in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return default if not value else value in {"1", "true", "yes", "on"}
    raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")


def url(name: str, schemes: tuple[str, ...]) -> str:
    """Return the variable, empty or a URL with one of these schemes."""
    value = text(name)
    if value and not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ImproperlyConfigured(f"{name} must begin with {schemes[0]}://.")
    return value


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return the variable as a list, separated by commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or list(default)


def stored_secret(path: Path) -> str:
    """Return the secret kept in this file, made on the first call and readable by us alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    secret = secrets.token_urlsafe(64)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secret)
    return secret

"""Looking for secrets where none may be: as they are, and in the simple disguises of computers."""

import base64
import hashlib
import html
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

SHORTEST = 12
"""A form that is shorter would be found by accident."""


@dataclass(frozen=True)
class Secret:
    """Something that only one place may show."""

    what: str
    text: str
    extra: tuple[str, ...] = field(default=(), repr=False)
    """What is kept of it, such as a hash, which may not leave either."""

    @property
    def forms(self) -> frozenset[str]:
        """All the ways in which it would be written by accident."""
        forms = {form for text in (self.text, *self.extra) for form in _forms(text)}
        return frozenset(form for form in forms if len(form) >= SHORTEST)


def _forms(text: str) -> Iterator[str]:
    raw = text.encode()
    yield from (text, quote(text, safe=""), quote(text), quote_plus(text), html.escape(text))
    yield from (json.dumps(text)[1:-1], repr(text)[1:-1], text[::-1], raw.hex())
    yield from (hashlib.new(name, raw).hexdigest() for name in ("sha256", "sha1", "md5"))
    for before in range(3):
        # Where it begins within other text, as in `user:password`, decides how it looks.
        padded = base64.b64encode(b"\0" * before + raw).decode()
        core = padded[(0, 2, 3)[before] + 2 : -4]
        yield from (core, core.replace("+", "-").replace("/", "_"))


class Search:
    """Looks for secrets in one text after the other, and counts."""

    def __init__(self, *secrets: Secret) -> None:
        self._forms: dict[str, str] = {}
        self.looked_at: Counter[str] = Counter()
        self.chars = 0
        self.found: list[str] = []
        self.add(*secrets)

    def add(self, *secrets: Secret) -> None:
        """Look for these too from now on."""
        for one in secrets:
            assert len(one.text) >= SHORTEST, f"{one.what} is too short to be looked for"
            self._forms |= dict.fromkeys(one.forms, one.what)

    @property
    def forms(self) -> int:
        """In how many forms secrets are looked for."""
        return len(self._forms)

    def look(self, kind: str, where: str, text: str | bytes, allowed: tuple[str, ...] = ()) -> None:
        """Look into a text; `allowed` names the secrets that may stand in it."""
        text = text.decode(errors="replace") if isinstance(text, bytes) else text
        self.looked_at[kind] += 1
        self.chars += len(text)
        for form, what in self._forms.items():
            if what not in allowed and (place := text.find(form)) >= 0:
                around = text[max(place - 60, 0) : place + len(form) + 20]
                self.found.append(f"{what} in {kind} {where}: …{around!r}…")

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.looked_at.items()))
        return f"looked for {self.forms} forms of secrets in {kinds}; {self.chars:,} characters"

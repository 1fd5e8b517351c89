"""What somebody typed into the search, and how well a name answers it; pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from eventbus_admin.console.pasting import pasted

MAX_CHARS = 255
"""As long as ids and the longest names are."""
MAX_WORDS = 8
EXACT, PREFIX, INSIDE, ELSEWHERE = range(4)

_GAPS = re.compile(r"[\s/→]+")


@dataclass(frozen=True)
class Hit:
    """Something that was found: where it is, what it is called, and what is said about it."""

    url: str
    name: str
    says: str = ""
    keywords: str = ""
    """Other words by which it may be found."""


@dataclass(frozen=True)
class Group:
    """What was found of one kind, the best first."""

    name: str
    icon: str
    hits: list[Hit] = field(default_factory=list)


def meant(text: str) -> str:
    """Return what is searched for: without quotes and blanks, the id of an event pasted as JSON."""
    return pasted(text)[:MAX_CHARS]


def words(text: str) -> list[str]:
    """Return the words of a search: `exportRequested/export-manager` are two."""
    return [word for word in _GAPS.split(text) if word][:MAX_WORDS]


def rank(name: str, text: str) -> int:
    """Return how well a name answers a search; less is better."""
    name, text = _plain(name), _plain(text)
    if name == text:
        return EXACT
    if name.startswith(text):
        return PREFIX
    return INSIDE if text in name else ELSEWHERE


def ranked(groups: Sequence[Group], text: str) -> list[Group]:
    """Return the groups in which something was found, the one with the best answer first."""
    found = [
        Group(one.name, one.icon, sorted(one.hits, key=lambda hit: rank(hit.name, text)))
        for one in groups
        if one.hits
    ]
    return sorted(found, key=lambda one: rank(one.hits[0].name, text))


def matching(hits: Sequence[Hit], text: str, most: int) -> list[Hit]:
    """Keep the hits of which every word occurs in the name or in the keywords."""
    wanted = [word.lower() for word in words(text)]
    found = [
        hit for hit in hits if all(word in f"{hit.name} {hit.keywords}".lower() for word in wanted)
    ]
    return sorted(found, key=lambda hit: rank(hit.name, text))[:most]


def parts(name: str, text: str) -> list[tuple[str, bool]]:
    """Return the name in pieces, each with whether it is what was searched for."""
    wanted = sorted(words(text), key=len, reverse=True)
    if not wanted:
        return [(name, False)]
    pattern = re.compile("|".join(map(re.escape, wanted)), re.IGNORECASE)
    pieces, end = [], 0
    for match in pattern.finditer(name):
        pieces += [(name[end : match.start()], False), (match.group(), True)]
        end = match.end()
    pieces.append((name[end:], False))
    return [piece for piece in pieces if piece[0]]


def _plain(text: str) -> str:
    return " ".join(_GAPS.split(text.lower())).strip()

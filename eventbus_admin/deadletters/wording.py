"""What differs from one failure to the next is left out, so that the same failures say the same."""

import hashlib
import re

MAX_CAUSE = 500
_DIFFERS = re.compile(
    r"""
    [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}   # a UUID
    | 0x[0-9a-f]+                                                  # an address
    | (?<![a-z0-9])(?=[a-z]*[0-9])[0-9a-f]{8,}(?![a-z0-9])         # a hash
    | [0-9][0-9.,:]*[0-9]{3,}                                      # a long number; 503 is none
    """,
    re.IGNORECASE | re.VERBOSE,
)


def cause_text(error: str) -> str:
    """Return the last line of an error without numbers and ids that differ each time."""
    line = error.strip().rpartition("\n")[2].replace("\0", "\N{REPLACEMENT CHARACTER}")
    plain = _DIFFERS.sub("…", " ".join(line[: 4 * MAX_CAUSE].split()))
    return plain[:MAX_CAUSE] or "nothing was said"


def cause_key(service: str, event_type: str, reason: str, text: str) -> str:
    """Return what dead letters of one cause have in common."""
    return hashlib.sha256("\0".join((service, event_type, reason, text)).encode()).hexdigest()

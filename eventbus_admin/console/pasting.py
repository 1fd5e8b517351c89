"""What people paste where an id is asked for: quoted, or the whole event; pure."""

import json
import re

MAX_PASTED = 8_000

_ID_IN_JSON = re.compile(r'"id"\s*:\s*"([^"\\]{1,255})"')


def pasted(text: str) -> str:
    """Return the text without quotes and blanks, and of an event as JSON its id."""
    text = text[:MAX_PASTED].strip().strip("`'\"“”‘’").strip()
    return _id_in(text) if text.startswith("{") else text


def _id_in(text: str) -> str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        # Half an event is pasted easily.
        found = _ID_IN_JSON.search(text)
        return found.group(1) if found else text
    event = value.get("event", value)
    found_id = event.get("id") if isinstance(event, dict) else None
    return found_id.strip() if isinstance(found_id, str) else text

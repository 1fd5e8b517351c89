"""People, teams and what they may do; nothing here knows services, event types or the broker."""

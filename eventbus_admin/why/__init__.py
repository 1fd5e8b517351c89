"""Why not: what is known of the way of one event to one service, from rows that we hold.

`gathering` reads rows into an `Evidence`, `explaining` says what they prove; nothing here asks the
broker, and nothing here writes.
"""

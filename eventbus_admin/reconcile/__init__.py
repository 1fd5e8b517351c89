"""From should-be to is: compares registry and broker, shows the difference, makes it go away.

`cycle` puts the parts together, `loop` runs it; planning and status are pure. Pages read the rows
that are stored here and never call the broker.
"""

"""What gave up and waits for a person: taking it in, seeing it by cause, retrying, discarding.

What a dead letter is and how one is sent again is `bus_core.dead_letters`; here they are rows, so
that many people may look at them for as long as they like. Nothing here shows anything.
"""

"""What was: the bounded record of events, of what became of them and of who is at work.

Writing, trimming and reading that record live here; nothing here talks to the broker or knows
what should be.
"""

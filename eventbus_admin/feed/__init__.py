"""The live view: one tap on the broker, and the sockets that show what it sees.

What is shown is written to the journal on its way. Nothing here decides what should be, and
nothing here can hold up or take anybody's events.
"""

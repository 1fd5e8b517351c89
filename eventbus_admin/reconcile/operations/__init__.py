"""Work on queues that takes time and may lose nothing: removing, restoring, replacing.

An operation is a row with a phase. The leader's `driver` carries it forward; what a phase does
follows from a look at the broker, so that it may be begun again after any crash. People act on
operations through `actions`. Nothing else deletes from the broker.
"""

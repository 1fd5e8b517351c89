"""The map: who publishes what to whom, from rows of registry, broker, journal and workers together.

No models, no pages: `reading` asks, everything else here is pure.
"""

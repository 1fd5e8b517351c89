"""How the parts run as processes: commands, the worker's loops, health, first-run seeding.

The top layer: it may import everything, and nothing may import it.
"""

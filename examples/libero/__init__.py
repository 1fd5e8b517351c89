"""A journal publisher exports manuscripts: four services that know events, not each other.

Each module here is one service, apart from `story`, which plays them all in one process, and
`broker`, which says where they find their broker.
"""

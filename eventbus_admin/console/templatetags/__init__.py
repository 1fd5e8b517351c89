"""Template tags: the components of the console."""

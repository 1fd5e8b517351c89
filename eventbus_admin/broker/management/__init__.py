"""Commands about the broker."""

"""Commands about the difference between registry and broker."""

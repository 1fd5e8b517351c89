"""Measures the library against its peers on a broker of its own: `python -m benchmarks`."""

"""Worked examples: small services that use `bus_core` the way any service would."""

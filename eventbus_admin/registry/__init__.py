"""What should be on the bus: models, reads and actions; nothing here talks to the broker."""
